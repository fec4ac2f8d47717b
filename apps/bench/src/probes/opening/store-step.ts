import { writeSync } from 'node:fs'
import { Database } from '@ldb/core'
import { loadPeer } from '../../peers/packages.js'

// One step of the opening probe in a process of its own: `create` or `open`, the store, its directory, the number of keyspaces, and the
// bytes of the cache. Prints the elapsed and the processor time of the step, in milliseconds, without the load of the store's code.

interface Lmdb {
  openDB(options: object): Lmdb
  get(key: string): string | undefined
  putSync(key: string, value: string): void
  close(): Promise<void>
}

interface Level {
  open(): Promise<void>
  sublevel(name: string): Pick<Level, 'get' | 'put'>
  get(key: string): Promise<string | undefined>
  put(key: string, value: string, options: object): Promise<void>
  close(): Promise<void>
}

/** Opens the store, and reads or writes one key. Returns the function that closes it. */
type Step = () => Promise<() => Promise<void> | void>

const [, , action = '', store = '', dir = '', keyspaces = '', bytes = ''] = process.argv
const isCreation = action === 'create'
const names = Array.from({ length: isCreation ? Number(keyspaces) : 1 }, (_, number) => `keyspace-${number}`)

function ldb(): Step {
  return async () => {
    const db = Database.open(dir, { cacheBytes: Number(bytes) })
    for (const name of names) {
      const keyspace = db.keyspace(name)
      if (isCreation) keyspace.put('key', 'value')
      else keyspace.get('key')
    }
    return () => {
      db.close()
    }
  }
}

function lmdb(): Step {
  const { open } = loadPeer<{ open(options: object): Lmdb }>('lmdb')
  return async () => {
    const root = open({ path: dir, maxDbs: 2000, overlappingSync: false })
    for (const name of names) {
      const keyspace = root.openDB({ name })
      if (isCreation) keyspace.putSync('key', 'value')
      else keyspace.get('key')
    }
    return () => root.close()
  }
}

function classicLevel(): Step {
  const { ClassicLevel } = loadPeer<{ ClassicLevel: new (dir: string) => Level }>('classic-level')
  return async () => {
    const db = new ClassicLevel(dir)
    await db.open()
    for (const name of names) {
      const keyspace = db.sublevel(name)
      if (isCreation) await keyspace.put('key', 'value', { sync: true })
      else await keyspace.get('key')
    }
    return () => db.close()
  }
}

const STEPS: Readonly<Record<string, () => Step>> = { ldb, lmdb, 'classic-level': classicLevel }
const step = STEPS[store]?.()
if (step === undefined) throw new Error(`unknown store ${store}`)
const cpuBefore = process.cpuUsage()
const startedAt = performance.now()
const close = await step()
if (isCreation) await close()
const elapsedMs = performance.now() - startedAt
const { user, system } = process.cpuUsage(cpuBefore)
if (!isCreation) await close()
writeSync(1, JSON.stringify({ elapsedMs, cpuMs: (user + system) / 1000 }))
