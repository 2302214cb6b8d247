// The calls of the cases: each takes the SDK and the case's arguments, and returns the value to compare, if any.

async function collect(iterator, most = Infinity) {
  const items = []
  for await (const item of iterator) {
    items.push(item)
    if (items.length >= most) break
  }
  return items
}

const names = (items) => items.map((item) => item.name)
const sandbox = (sdk, id) => sdk.held(() => sdk.daytona.get(id))
const snapshot = (sdk, id) => sdk.held(() => sdk.daytona.snapshot.get(id))
const volume = (sdk, name) => sdk.held(() => sdk.daytona.volume.get(name))

export const calls = {
  async create(sdk, params, options) {
    await sdk.daytona.create(params, options)
  },
  async createTwice(sdk, params, options) {
    await sdk.held(() => sdk.daytona.create(params, options))
    await sdk.daytona.create(params, options)
  },
  async get(sdk, name) {
    return (await sdk.daytona.get(name)).name
  },
  async refreshData(sdk, id) {
    const held = await sandbox(sdk, id)
    await held.refreshData()
    return held.name
  },
  async list(sdk, query) {
    return names(await collect(sdk.daytona.list(query)))
  },
  async listFirst(sdk, query, count) {
    return names(await collect(sdk.daytona.list(query), count))
  },
  async start(sdk, id, timeout) {
    await (await sandbox(sdk, id)).start(timeout)
  },
  async stop(sdk, id, timeout, force) {
    await (await sandbox(sdk, id)).stop(timeout, force)
  },
  async delete(sdk, id, timeout, wait) {
    await (await sandbox(sdk, id)).delete(timeout, wait)
  },
  async deleteTwice(sdk, id) {
    const held = await sandbox(sdk, id)
    await sdk.held(() => held.delete(60, true))
    await held.delete()
  },
  async daytonaStart(sdk, id) {
    await sdk.daytona.start(await sandbox(sdk, id))
  },
  async daytonaStop(sdk, id) {
    await sdk.daytona.stop(await sandbox(sdk, id))
  },
  async daytonaDelete(sdk, id) {
    await sdk.daytona.delete(await sandbox(sdk, id))
  },
  async setting(sdk, id, method, ...values) {
    await (await sandbox(sdk, id))[method](...values)
  },
  async waitUntilStarted(sdk, id, timeout) {
    await (await sandbox(sdk, id)).waitUntilStarted(timeout)
  },
  async waitUntilStopped(sdk, id, timeout) {
    await (await sandbox(sdk, id)).waitUntilStopped(timeout)
  },

  async snapshotCreate(sdk, params, options) {
    await sdk.daytona.snapshot.create(params, options)
  },
  async snapshotGet(sdk, name) {
    return (await sdk.daytona.snapshot.get(name)).name
  },
  async snapshotList(sdk, query) {
    return names((await sdk.daytona.snapshot.list(query)).items)
  },
  async snapshotActivate(sdk, name) {
    await sdk.daytona.snapshot.activate(name)
  },
  async snapshotActivateHeld(sdk, name) {
    await sdk.daytona.snapshot.activate(await snapshot(sdk, name))
  },
  async snapshotDelete(sdk, name) {
    await sdk.daytona.snapshot.delete(name)
  },
  async snapshotDeleteHeld(sdk, name) {
    await sdk.daytona.snapshot.delete(await snapshot(sdk, name))
  },

  async volumeList(sdk) {
    return names(await sdk.daytona.volume.list())
  },
  async volumeGet(sdk, name, create) {
    return (await sdk.daytona.volume.get(name, create)).name
  },
  async volumeCreate(sdk, name) {
    return (await sdk.daytona.volume.create(name)).name
  },
  async volumeDelete(sdk, name) {
    await sdk.daytona.volume.delete(await volume(sdk, name))
  },
  async volumeGetAndDelete(sdk, name) {
    await sdk.daytona.volume.delete(await sdk.daytona.volume.get(name))
  },
}
