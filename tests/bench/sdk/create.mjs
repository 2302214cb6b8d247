// Creates sandboxes with the official TypeScript SDK, all at once, and waits for each. Prints a JSON object a line: for each
// sandbox its id and when it was known to be started (Unix time), then the CPU seconds that all of it took.
//
// Usage: node create.mjs API_URL API_KEY COUNT, with the SDK in NODE_PATH.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { Daytona } = require('@daytona/sdk')

const [apiUrl, apiKey, count] = process.argv.slice(2)
const daytona = new Daytona({ apiUrl, apiKey })

async function create() {
  const sandbox = await daytona.create({}, { timeout: 120 })
  console.log(JSON.stringify({ id: sandbox.id, known: Date.now() / 1000 }))
}

// Loading the SDK and making its client is not the work that is compared.
const began = process.cpuUsage()
await Promise.all(Array.from({ length: Number(count) }, create))
const used = process.cpuUsage(began)
console.log(JSON.stringify({ cpu: (used.user + used.system) / 1e6 }))
process.exit(0)
