import { encodeUtf8 } from '@ldb/base'
import type { TryFlock } from '../node/locking/flock.js'
import type { LockSocket } from '../node/locking/lock-socket.js'
import { host } from './host-calls.js'
import { errnoNameOf } from './system-error.js'

/** Acquires flock(2), for which a C host has the call. */
export const tryFlock: TryFlock = (descriptor, mode) => {
  const result = host.lockDescriptor(descriptor, mode === 'shared' ? 1 : 0)
  if (result >= 0) return 'held'
  return errnoNameOf(-result) === 'EWOULDBLOCK' || errnoNameOf(-result) === 'EAGAIN' ? 'taken' : 'unavailable'
}

/** Binds the abstract unix socket that represents a directory; documented in `node/locking/lock-socket.ts`. */
export function bindLockSocket(identity: string): LockSocket | 'taken' | 'unavailable' {
  const name = `ldb-${digestOf(identity).slice(0, 32)}`
  const nameBytes = encodeUtf8(name)
  const descriptor = host.bindSocket(nameBytes, nameBytes.length)
  if (descriptor < 0) return errnoNameOf(-descriptor) === 'EADDRINUSE' ? 'taken' : 'unavailable'
  return {
    name,
    close(): void {
      host.close(descriptor)
    },
  }
}

function digestOf(text: string): string {
  const digest = new Uint8Array(32)
  const bytes = encodeUtf8(text)
  host.sha256(bytes, bytes.length, digest)
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
