// Makes calls of the official TypeScript SDK: reads them from stdin, one JSON line each, and answers likewise on
// stdout. Several are made at once. typescript.py is the other end.
import { createRequire } from 'node:module'
import readline from 'node:readline'

import { calls } from './typescript_calls.mjs'

const require = createRequire(import.meta.url)
const { Daytona, DaytonaError, Image } = require('@daytona/sdk')

// {"$image": [["base", "debian:12"], ["env", {...}]]} is an Image, {"$date": "..."} a Date, {"$function": true} a
// function that does nothing.
function revive(value) {
  if (Array.isArray(value)) return value.map(revive)
  if (value === null || typeof value !== 'object') return value
  if ('$date' in value) return new Date(value.$date)
  if ('$function' in value) return () => {}
  if ('$image' in value) {
    const [[base, ...baseArguments], ...steps] = value.$image
    const start = Image[base](...baseArguments)
    return steps.reduce((image, [step, ...stepArguments]) => image[step](...stepArguments), start)
  }
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, revive(item)]))
}

class Sdk {
  constructor(config) {
    this.daytona = new Daytona(config)
    this.origin = config.apiUrl
  }

  // The result of `get`, an object that the caller already has: how it was obtained is not compared.
  async held(get) {
    const held = await get()
    await fetch(`${this.origin}/health?mark`, { headers: { 'user-agent': 'conformance-harness' } })
    return held
  }
}

async function outcome({ call, arguments: args, config }) {
  if (!(call in calls)) return { mistake: `typescript_calls.mjs has no ${call}` }
  try {
    const answer = await calls[call](new Sdk(config), ...revive(args))
    return { ok: true, answer }
  } catch (error) {
    // Any error but a refusal by the SDK is a mistake of the case.
    if (!(error instanceof DaytonaError)) return { mistake: `${call}: ${error.stack}` }
    return { ok: false, httpStatus: error.statusCode ?? null, message: `${error.name}: ${error.message}` }
  }
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line)
  outcome(request).then((answer) => process.stdout.write(`${JSON.stringify({ id: request.id, ...answer })}\n`))
}
