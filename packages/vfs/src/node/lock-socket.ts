import { createHash } from 'node:crypto'
import { createServer } from 'node:net'
import type { Server } from 'node:net'

/** A bound name that the kernel takes back the moment the holder is gone, however it went. */
export interface LockSocket {
  readonly name: string
  close(): void
}

/**
 * Binds the abstract unix socket that stands for a directory.
 *
 * @param identity - device and inode of the directory.
 * @returns the socket, `'taken'` when somebody else has bound it, `'unavailable'` where there are none: on systems
 * other than Linux and in sandboxes that forbid them.
 */
export function bindLockSocket(identity: string, token: string): LockSocket | 'taken' | 'unavailable' {
  if (process.platform !== 'linux') return 'unavailable'
  const name = `ldb-${createHash('sha256').update(identity).digest('hex').slice(0, 32)}`
  const server = tryListen(name)
  if (server !== undefined) {
    return {
      name,
      close(): void {
        server.close()
      },
    }
  }
  // Node says why only later, so we ask whether a name that nobody has can be bound.
  const probe = tryListen(`ldb-probe-${token}`)
  probe?.close()
  return probe === undefined ? 'unavailable' : 'taken'
}

/** Binding takes place before `listen` returns; only its error event comes later. */
function tryListen(name: string): Server | undefined {
  const server = createServer((connection) => {
    connection.destroy()
  })
  server.on('error', ignore)
  // Exclusive: in a cluster worker the socket would otherwise be the primary's, and shared.
  server.listen({ path: `\0${name}`, exclusive: true })
  server.unref()
  return server.listening ? server : undefined
}

/** That binding failed was seen at once. */
function ignore(): void {}
