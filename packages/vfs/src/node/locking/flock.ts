import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { LATIN1, callOptions } from '../call-options.js'
import { hasFlock } from './fdinfo.js'
import type { LockMode } from '../../vfs.js'

/** Outcome of an attempt to lock: `'taken'` when another opener excludes it, `'unavailable'` when it cannot be attempted here. */
export type FlockResult = 'held' | 'taken' | 'unavailable'

/** Acquires flock(2) on an open descriptor without waiting. */
export type TryFlock = (descriptor: number, mode: LockMode) => FlockResult

/** Where distributions install flock(1): util-linux, or a link to busybox. */
const USUAL_PATHS = ['/usr/bin/flock', '/bin/flock']
/** The program does not wait for the lock; a file server that does not answer must not stop the opener for ever. */
const TIMEOUT_MS = 10_000
/** Number of the descriptor in the child. */
const CHILD_DESCRIPTOR = 3

let cachedProgram: string | undefined

/**
 * Acquires flock(2) through the program flock(1), because Node.js has no such call (K3 of SPEC.md).
 *
 * @remarks The lock belongs to the open file description, which this process and the child share: it stays when the child has
 * exited, and the kernel releases it when the last descriptor is closed or its process ends. Blocks for the start of a process,
 * about 2 ms, longer in a process with much resident memory.
 */
export const tryFlock: TryFlock = (descriptor, mode) => {
  const program = process.platform === 'linux' ? flockProgram() : undefined
  if (program === undefined) return 'unavailable'
  try {
    const { error, status, stderr } = spawnSync(
      program,
      ['-n', mode === 'shared' ? '-s' : '-x', String(CHILD_DESCRIPTOR)],
      callOptions({
        cwd: '/',
        env: {},
        stdio: ['ignore', 'ignore', 'pipe', descriptor],
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
      }),
    )
    if (error !== undefined) return 'unavailable'
    if (status === 0) return isConfirmed(descriptor) ? 'held' : 'unavailable'
    // util-linux and busybox print nothing when the lock is taken, and a reason for every other failure.
    return status === 1 && stderr.length === 0 ? 'taken' : 'unavailable'
  } catch {
    // Node's permission model refuses to start processes.
    return 'unavailable'
  }
}

/** Returns the path of the program, which may be installed while this process runs; `undefined` where there is none. */
function flockProgram(): string | undefined {
  if (cachedProgram !== undefined) return cachedProgram
  const directories = (process.env['PATH'] ?? '').split(':').filter((directory) => directory.startsWith('/'))
  const paths = [...USUAL_PATHS, ...directories.map((directory) => `${directory}/flock`)]
  cachedProgram = paths.find(isExecutable)
  return cachedProgram
}

function isExecutable(path: string): boolean {
  try {
    fs.accessSync(path, fs.constants.X_OK)
    return fs.statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * Reports whether the kernel lists a lock of the descriptor. A program of that name that does something else, or a kernel that has no
 * such locks, is not taken for a lock. Without /proc the exit status of the program has to suffice.
 */
function isConfirmed(descriptor: number): boolean {
  try {
    return hasFlock(fs.readFileSync(`/proc/self/fdinfo/${descriptor}`, LATIN1))
  } catch {
    return true
  }
}
