// The official TypeScript SDK, unchanged, against the emulator: tests that the emulator is faithful.
//
// Usage: node typescript_sdk_test.mjs PATH-OF-daytona-emulator (or EMULATOR=PATH). The SDK is searched for beside this
// file, then in NODE_PATH. Exits with 0 if every step behaves as with the real service.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import readline from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'

const require = createRequire(import.meta.url)
const { Daytona, DaytonaNotFoundError, Image } = require('@daytona/sdk')

const shortDelays = [
  '--create-delay=150ms',
  '--start-delay=100ms',
  '--stop-delay=100ms',
  '--delete-delay=100ms',
  '--queue-delay=100ms',
  '--build-delay=2500ms',
  '--pull-delay=100ms',
  '--remove-delay=100ms',
  '--volume-delay=50ms',
]

// Polls until the service reaches a state by itself.
async function until(what, condition) {
  for (let i = 0; i < 100; i++) {
    if (await condition()) return
    await pause(50)
  }
  assert.fail(`never: ${what}`)
}

async function collect(iterator) {
  const items = []
  for await (const item of iterator) items.push(item)
  return items
}

async function sandboxes(daytona) {
  const params = { name: 'one', labels: { team: 'a' }, envVars: { A: '1' }, autoStopInterval: 30 }
  const one = await daytona.create(params)
  assert.equal(one.state, 'started')
  assert.deepEqual(one.labels, { team: 'a', 'code-toolbox-language': 'python' })
  assert.deepEqual([one.env, one.autoStopInterval, one.cpu], [{ A: '1' }, 30, 1])
  await assert.rejects(daytona.create(params), /Sandbox with name one already exists/)

  assert.equal((await daytona.get('one')).id, one.id)
  assert.equal((await daytona.get(one.id)).name, 'one')
  await assert.rejects(daytona.get('nothing'), (error) => {
    assert(error instanceof DaytonaNotFoundError)
    assert.match(error.message, /Sandbox with ID or name nothing not found/)
    return true
  })

  const two = await daytona.create({ name: 'two', labels: { team: 'a' } })
  const listed = await collect(daytona.list({ labels: { team: 'a' }, limit: 1, sort: 'name', order: 'asc' }))
  assert.deepEqual(listed.map((item) => item.name), ['one', 'two'])

  await one.stop()
  assert.equal(one.state, 'stopped')
  await assert.rejects(one.stop(), /not in a stoppable state/)
  const stopped = await collect(daytona.list({ states: ['stopped'] }))
  assert.deepEqual(stopped.map((item) => item.name), ['one'])
  await one.start()
  assert.equal(one.state, 'started')
  assert.deepEqual(await one.setLabels({ team: 'b' }), { team: 'b' })
  await one.setAutostopInterval(5)
  await one.refreshData()
  assert.deepEqual([one.labels, one.autoStopInterval], [{ team: 'b' }, 5])
  assert.match((await one.getPreviewLink(3000)).url, /^http/)

  await one.delete()
  await assert.rejects(daytona.get('one'), /not found/)
  await two.delete()
  await until('both are gone', async () => (await collect(daytona.list())).length === 0)
}

async function sandboxFromImage(daytona) {
  let log = ''
  const image = Image.base('debian:12.9').runCommands('echo from the build')
  const params = { name: 'built', image, resources: { cpu: 2, memory: 2, disk: 3 } }
  const built = await daytona.create(params, { timeout: 60, onSnapshotCreateLogs: (chunk) => (log += `${chunk}\n`) })
  assert.deepEqual([built.state, built.cpu], ['started', 2])
  assert.match(log, /Step 1\/2 : FROM debian:12\.9/)
  assert.match(log, /from the build/)
  await built.delete()

  const failing = { name: 'failing', image: Image.base('debian:12.9').runCommands('false') }
  // When an event reports it, the SDK loses the reason.
  await assert.rejects(daytona.create(failing, { timeout: 60 }), /returned a non-zero code: 1|build_failed/)
  const failed = await daytona.get('failing')
  assert.match(failed.errorReason, /returned a non-zero code: 1/)
  await failed.delete()
}

async function control(apiUrl, what, method = 'GET', body = undefined) {
  const url = `${apiUrl.replace(/\/api$/, '')}/_emulator/${what}`
  const answer = await fetch(url, { method, body: body && JSON.stringify(body) })
  return answer.status === 204 ? undefined : answer.json()
}

// A stop whose end only an event shows: reads of the sandbox still show it as stopping.
async function events(daytona, apiUrl) {
  const sandbox = await daytona.create({ name: 'watched' })
  await until('the event connection is up', async () => (await control(apiUrl, 'events')).joined === 1)
  const stale = { ...(await control(apiUrl, `sandboxes/${sandbox.id}`, 'POST', {})), state: 'stopping' }
  const match = { method: 'GET', path_regex: `/sandbox/${sandbox.id}$` }
  await control(apiUrl, 'faults', 'POST', { match, fault: { status: 200, body: stale } })
  const { sent } = await control(apiUrl, 'events')
  await sandbox.stop(30)
  const [{ matched: reads }] = await control(apiUrl, 'faults')
  const told = (await control(apiUrl, 'events')).sent - sent
  assert(told === 3 && reads >= 1 && reads <= 10, `told of ${told} changes, read ${reads} times`)
  await control(apiUrl, 'faults', 'DELETE')
  await sandbox.delete()
}

async function storageRequests(apiUrl) {
  const { requests } = await control(apiUrl, 'requests')
  return requests.filter((request) => request.path.startsWith('/_storage/'))
}

async function buildContexts(daytona, apiUrl) {
  // The SDK's archives are right for absolute paths only.
  const file = (name) => path.join(process.cwd(), name)
  mkdirSync(file('proj/sub/empty'), { recursive: true })
  writeFileSync(file('proj/a.txt'), 'A\n')
  writeFileSync(file('proj/sub/large.bin'), randomBytes(12_000_000))
  writeFileSync(file('one.txt'), 'one\n')
  writeFileSync(file('requirements.txt'), 'numpy==1.26\n')
  const image = Image.base('debian:12.9')
    .addLocalFile(file('one.txt'), '/data/')
    .addLocalDir(file('proj'), '/proj')
    .pipInstallFromRequirements(file('requirements.txt'))
  const built = await daytona.create({ name: 'with-files', image })
  assert.equal(built.state, 'started')
  const hashes = built.buildInfo.contextHashes
  const stored = await control(apiUrl, 'storage')
  assert.deepEqual(stored.uploads, [])
  assert.deepEqual(
    stored.objects.map((object) => object.key.split('/').slice(1).join('/')),
    hashes.map((hash) => `${hash}/context.tar`).sort(),
  )
  const first = await storageRequests(apiUrl)
  // Two small archives, and a large one in three parts.
  assert.equal(first.filter((request) => request.method === 'PUT').length, 5)

  const again = await daytona.create({ name: 'again', image })
  assert.deepEqual(again.buildInfo.contextHashes, hashes)
  const later = (await storageRequests(apiUrl)).slice(first.length)
  assert.deepEqual(later.map((request) => request.method), ['GET', 'GET', 'GET'])
  assert.equal((await control(apiUrl, 'storage')).foreignCredentials, 0)
  await built.delete()
  await again.delete()
}

async function snapshots(daytona) {
  const logs = []
  const onLogs = (chunk) => logs.push(chunk)
  const pulled = await daytona.snapshot.create(
    { name: 'pulled', image: 'ubuntu:22.04', resources: { cpu: 2, memory: 4, disk: 5 } },
    { onLogs },
  )
  assert.deepEqual([pulled.state, pulled.mem, pulled.imageName], ['active', 4, 'ubuntu:22.04'])
  assert(logs.some((line) => line.includes('Created snapshot pulled')), logs.join('\n'))

  logs.length = 0
  const image = Image.debianSlim('3.12').runCommands('echo streamed').entrypoint(['sleep', 'infinity'])
  const built = await daytona.snapshot.create({ name: 'built', image }, { onLogs, timeout: 60 })
  assert.equal(built.state, 'active')
  assert(logs.some((line) => line.includes('streamed')), logs.join('\n'))

  const broken = { name: 'broken', image: Image.base('debian:12.9').runCommands('exit 3') }
  await assert.rejects(
    daytona.snapshot.create(broken, { timeout: 60 }),
    /failed to build image: The command '\/bin\/sh -c exit 3' returned a non-zero code: 3/,
  )

  assert.equal((await daytona.snapshot.list(1, 2)).items.length, 2)
  assert.equal((await daytona.snapshot.list()).total, 4)
  assert.equal((await daytona.snapshot.get('built')).id, built.id)
  const sandbox = await daytona.create({ snapshot: 'pulled' })
  assert.deepEqual([sandbox.state, sandbox.snapshot, sandbox.cpu], ['started', 'pulled', 2])
  await sandbox.delete()
  for (const name of ['pulled', 'built', 'broken']) await daytona.snapshot.delete(await daytona.snapshot.get(name))
  await until('the snapshots are gone', async () => (await daytona.snapshot.list()).total === 1)
}

async function volumes(daytona) {
  const volume = await daytona.volume.get('data', true)
  assert.equal(volume.name, 'data')
  await until('the volume is ready', async () => (await daytona.volume.get('data')).state === 'ready')
  const sandbox = await daytona.create({ name: 'user', volumes: [{ volumeId: volume.id, mountPath: '/data' }] })
  assert.equal(sandbox.volumes[0].volumeId, volume.id)
  await assert.rejects(daytona.volume.delete(volume), /in use by one or more sandboxes \(e\.g\. user\)/)
  await sandbox.delete()
  await daytona.volume.delete(await daytona.volume.get('data'))
  await until('the volume is gone', async () => (await daytona.volume.list()).length === 0)
}

async function wrongKey(_, apiUrl) {
  const intruder = new Daytona({ apiKey: 'wrong', apiUrl, target: 'us' })
  await assert.rejects(intruder.get('x'), /Invalid credentials/)
}

const emulator = process.argv[2] ?? process.env.EMULATOR
assert(emulator, 'say where daytona-emulator is: typescript_sdk_test.mjs PATH')
const program = path.resolve(emulator)
// Away from any .env file that the SDK would read.
const folder = mkdtempSync(path.join(os.tmpdir(), 'sdk-test-'))
process.chdir(folder)
const child = spawn(program, ['--listen=127.0.0.1:0', ...shortDelays], { stdio: ['ignore', 'pipe', 'inherit'] })
const ended = once(child, 'exit')
try {
  const [line] = await once(readline.createInterface({ input: child.stdout }), 'line')
  const apiUrl = line.replace('listening on ', '').trim()
  const daytona = new Daytona({ apiKey: 'emulator-key', apiUrl, target: 'us' })
  for (const step of [sandboxes, sandboxFromImage, events, buildContexts, snapshots, volumes, wrongKey]) {
    await step(daytona, apiUrl)
    console.log(`ok: ${step.name}`)
  }
} finally {
  child.kill('SIGTERM')
  rmSync(folder, { recursive: true })
}
assert.equal((await ended)[0], 0, 'the emulator did not end cleanly')
// The SDK's event connection, which it tries to open again, would keep this process.
process.exit(0)
