import * as fs from 'node:fs'
import type { LockMode, VfsLock } from '../src/index.js'
import { NodeVfs } from '../src/index.js'
import { decodeLockRecord, encodeLockRecord } from '../src/lock/record.js'
import type { LockRecord } from '../src/lock/record.js'
import { tryFlock } from '../src/node/flock.js'
import { acquireNodeLock } from '../src/node/lock.js'
import { describeCurrentProcess } from '../src/node/process.js'
import { fixture, LIBRARY, runLines, scratchDirectory } from './child.js'

/** What a lock of a test consists of: flock among others, or only what works without it. */
export type LockLayer = 'kernel' | 'files'

export const LOCK_LAYERS: readonly LockLayer[] = ['kernel', 'files']

/** Reason to skip the tests that need flock; empty where it works. */
export const NO_FLOCK_REASON = reasonWithoutFlock()
if (NO_FLOCK_REASON !== '') console.log(NO_FLOCK_REASON)

const vfs = new NodeVfs()

/** Acquires a lock in this thread. */
export function lockOf(directory: string, mode: LockMode, layer: LockLayer): VfsLock {
  return acquireNodeLock(directory, mode, vfs.random, layer === 'kernel' ? tryFlock : () => 'unavailable')
}

/** Returns the arguments of the fixture `lock-child.mjs`. */
export function lockArguments(
  directory: string,
  action: 'hold' | 'try',
  mode: LockMode,
  layer: LockLayer,
): string[] {
  return [LIBRARY, directory, action, mode, layer]
}

/** Acquires and releases a lock in another process. Returns `'held'`, or the code of the error and the holder. */
export async function tryInProcess(
  directory: string,
  mode: LockMode,
  layer: LockLayer,
  through: readonly string[] = [],
): Promise<string | undefined> {
  const node = [process.execPath, fixture('lock-child.mjs'), ...lockArguments(directory, 'try', mode, layer)]
  const [command = '', ...args] = [...through, ...node]
  return (await runLines(command, args))[0]
}

/** Returns the record in a lock file. */
export function recordIn(directory: string): LockRecord | undefined {
  return decodeLockRecord(fs.readFileSync(`${directory}/LOCK`, 'latin1'))
}

/** Returns `device:inode` of a directory. */
export function identityOf(directory: string): string {
  const { dev, ino } = fs.statSync(directory, { bigint: true })
  return `${dev}:${ino}`
}

/** Writes the record of a holder in another container of this machine, which may be alive as far as processes show. */
export function putElsewhere(
  directory: string,
  fields: Partial<LockRecord> = {},
  name: string = 'LOCK',
): string {
  const text = encodeLockRecord({
    ...describeCurrentProcess(),
    pidns: 'pid:[1]',
    netns: 'net:[1]',
    host: 'container',
    socket: '-',
    directory: identityOf(directory),
    filesystem: '-',
    kernel: 'flock',
    mode: 'exclusive',
    token: 'ab'.repeat(16),
    ...fields,
  })
  fs.writeFileSync(`${directory}/${name}`, text)
  return text
}

function reasonWithoutFlock(): string {
  using directory = scratchDirectory()
  const descriptor = fs.openSync(directory.path, 'r')
  try {
    return tryFlock(descriptor, 'shared') === 'held' ? '' : 'skipped: flock does not work here'
  } finally {
    fs.closeSync(descriptor)
  }
}
