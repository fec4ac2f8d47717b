import * as fs from 'node:fs'
import type { LdbError } from '@ldb/base'
import type { RandomSource } from '../time/environment.js'
import { LOCK_TOKEN_DIGITS, LOCK_UNKNOWN } from '../format.js'
import { describeHolder, judgeHolder } from '../lock/holder.js'
import type { LockRecord } from '../lock/record.js'
import { lockedBy, lockLost } from '../lock/table.js'
import { attempt } from './error.js'
import { isRecordOf, NodeLockFiles } from './lock-file.js'
import { bindLockSocket } from './lock-socket.js'
import type { LockSocket } from './lock-socket.js'
import { describeThisProcess, nodeProcessProbe } from './process.js'
import type { VfsLock } from '../vfs.js'

/** How often a taker looks again after somebody else was faster. */
const ROUNDS_MAX = 100
const SUCCESSORS_MAX = 100
/** How long a taker waits for a name that is bound though nobody holds the directory, and how often it looks (K14). */
const ORPHAN_PATIENCE_MS = 2000
const ORPHAN_PAUSE_MS = 1

/**
 * Takes the lock of a directory (K1): first within this thread, then with the kernel where it offers that, and last in
 * the directory itself, where openers see each other whom nothing else shows to one another.
 */
export function takeNodeLock(directory: string, random: RandomSource): VfsLock {
  const status = attempt('lock', directory, () => fs.statSync(directory, { bigint: true }))
  const identity = `${status.dev}:${status.ino}`
  const held = heldLocks()
  if (held.has(identity)) throw lockedBy(directory, 'this process')
  const files = new NodeLockFiles(directory)
  const token = newToken(random)
  let socket = bindLockSocket(identity, token)
  for (let waitedMs = 0; socket === 'taken' && waitedMs < ORPHAN_PATIENCE_MS; waitedMs += ORPHAN_PAUSE_MS) {
    if (!isHeldByNobody(files)) break
    pause(ORPHAN_PAUSE_MS)
    socket = bindLockSocket(identity, token)
  }
  const name = typeof socket === 'object' ? socket.name : LOCK_UNKNOWN
  const own: LockRecord = { ...describeThisProcess(), socket: name, token }
  if (socket === 'taken') throw takenSocket(directory, files, own)
  try {
    claim(directory, files, own)
  } catch (error) {
    if (typeof socket === 'object') socket.close()
    throw error
  }
  held.set(identity, token)
  return new NodeLock(directory, identity, token, files, typeof socket === 'object' ? socket : undefined)
}

class NodeLock implements VfsLock {
  readonly #directory: string
  readonly #identity: string
  readonly #token: string
  readonly #files: NodeLockFiles
  readonly #socket: LockSocket | undefined
  #released = false

  constructor(
    directory: string,
    identity: string,
    token: string,
    files: NodeLockFiles,
    socket: LockSocket | undefined,
  ) {
    this.#directory = directory
    this.#identity = identity
    this.#token = token
    this.#files = files
    this.#socket = socket
  }

  assertHeld(): void {
    if (this.#released || !this.#isOurs()) throw lockLost(this.#directory)
  }

  /** What is not ours stays (K12). */
  release(): void {
    if (this.#released) return
    this.#released = true
    try {
      if (this.#isOurs()) this.#files.discard(this.#files.lockPath)
    } finally {
      this.#socket?.close()
      heldLocks().delete(this.#identity)
    }
  }

  #isOurs(): boolean {
    return isRecordOf(this.#files.read(this.#files.lockPath), this.#token)
  }
}

/** The locks of this thread, shared by all copies of this package that it has loaded: identity to token. */
function heldLocks(): Map<string, string> {
  const world = globalThis as unknown as Record<symbol, Map<string, string> | undefined>
  return (world[Symbol.for('ldb.locks')] ??= new Map<string, string>())
}

function newToken(random: RandomSource): string {
  const bytes = random.fill(new Uint8Array(LOCK_TOKEN_DIGITS / 2))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Makes our record that of the holder, or throws LDB_LOCKED. */
function claim(directory: string, files: NodeLockFiles, own: LockRecord): void {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const holder = readSuccession(directory, files, own).at(-1)
    if (holder === undefined) {
      if (!files.publish(files.lockPath, own)) continue
    } else {
      assertDead(directory, holder, own)
      if (!succeed(directory, files, holder, own)) continue
    }
    files.sweep()
    return
  }
  throw lockedBy(directory, 'one of several openers at this moment')
}

/**
 * Takes the place of a dead holder (K10). Only one can create the successor file of a token; having it, we look
 * again, since it might be the second one of that name, made after the first had become LOCK.
 */
function succeed(directory: string, files: NodeLockFiles, holder: LockRecord, own: LockRecord): boolean {
  const path = files.successorPath(holder.token)
  if (!files.publish(path, own)) return false
  let isPromoted = false
  try {
    if (readSuccession(directory, files, own).at(-1)?.token === own.token) {
      files.promote(path)
      isPromoted = true
    }
    return isPromoted
  } finally {
    if (!isPromoted) files.discard(path)
  }
}

/** Reads LOCK, the successor of whom it names, that one's successor, and so on. */
function readSuccession(directory: string, files: NodeLockFiles, own: LockRecord): LockRecord[] {
  const records: LockRecord[] = []
  let path = files.lockPath
  for (;;) {
    const found = files.read(path)
    if (found === 'absent') return records
    if (found === 'garbage' || records.length === SUCCESSORS_MAX) throw unreadableLock(directory, path)
    records.push(found)
    if (found.token === own.token) return records
    path = files.successorPath(found.token)
  }
}

function assertDead(directory: string, holder: LockRecord, own: LockRecord): void {
  const state = judgeHolder(holder, own, nodeProcessProbe)
  if (state === 'dead') return
  const name = describeHolder(holder, own)
  if (state === 'alive') throw lockedBy(directory, name)
  throw lockedBy(directory, name, `It cannot be seen from here; if it has ended, remove ${directory}/LOCK`)
}

/** Reports whether whoever has bound the name has no record, or one of a process that has ended. */
function isHeldByNobody(files: NodeLockFiles): boolean {
  const found = files.read(files.lockPath)
  if (found === 'garbage') return false
  const own = { ...describeThisProcess(), socket: LOCK_UNKNOWN, token: '' }
  return found === 'absent' || judgeHolder(found, own, nodeProcessProbe) === 'dead'
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function takenSocket(directory: string, files: NodeLockFiles, own: LockRecord): LdbError {
  const found = files.read(files.lockPath)
  const isHolder = typeof found === 'object' && found.boot === own.boot
  return lockedBy(directory, isHolder ? describeHolder(found, own) : `another process on host ${own.host}`)
}

function unreadableLock(directory: string, path: string): LdbError {
  return lockedBy(
    directory,
    'an unknown holder',
    `${path} is no lock record; if nobody uses the directory, remove it`,
  )
}
