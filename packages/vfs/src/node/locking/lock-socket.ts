import { callOptions } from '../call-options.js'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { shortDigest } from './short-digest.js'

/** A bound socket name. The kernel frees it as soon as the process ends, in any way. */
export interface LockSocket {
  readonly name: string
  close(): void
}

/**
 * Binds the abstract unix socket that represents a directory (K3).
 *
 * @param identity - device and inode of the directory.
 * @param token - makes the name of the probe socket unique.
 * @returns the socket; `'taken'` when another socket is bound to the name; `'unavailable'` where such sockets do not exist: on
 * systems other than Linux and in sandboxes that forbid them.
 */
export function bindLockSocket(identity: string, token: string): LockSocket | 'taken' | 'unavailable' {
  if (process.platform !== 'linux') return 'unavailable'
  const name = `ldb-${shortDigest(identity).slice(0, 32)}`
  const server = tryListen(name)
  if (server !== undefined) {
    return {
      name,
      close(): void {
        server.close()
      },
    }
  }
  // Node reports the reason asynchronously. A probe with an unused name distinguishes the two cases.
  const probe = tryListen(`ldb-probe-${token}`)
  probe?.close()
  return probe === undefined ? 'unavailable' : 'taken'
}

/** Binds a socket; `undefined` on failure. `listen` binds synchronously; only its error event is asynchronous. */
function tryListen(name: string): Server | undefined {
  const server = createServer((connection) => {
    connection.destroy()
  })
  server.on('error', ignoreError)
  // Exclusive: in a cluster worker the socket would otherwise belong to the primary process and be shared.
  // Without a prototype: `listen` reads other options, such as a signal, from that of the object.
  server.listen(callOptions({ path: `\0${name}`, exclusive: true }))
  server.unref()
  return server.listening ? server : undefined
}

/** `server.listening` has already reported the failure. */
function ignoreError(): void {}
