// Changes bytes of a segment and recomputes the checksums that cover them, as a writer of another version would. The offsets are those of
// FORMAT.md, independent of the sources.
import { seedOfFile, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { openLog } from '../src/open-log.js'
import { resolveWalOptions } from '../src/options.js'
import type { Vfs } from '@ldb/vfs'

const RECORDS_START = 8192

function hashOf(bytes: Uint8Array, start: number, end: number, seed: Seed64): Int32Array {
  const hash = new Int32Array(2)
  xxHash64(bytes, start, end, seed, hash)
  return hash
}

/** Recomputes the checksums of the file header and of the segment header. */
export function forgeHeader(bytes: Uint8Array, change: (bytes: Uint8Array) => void): void {
  change(bytes)
  bytes.set(new Uint8Array(hashOf(bytes, 0, 16, SEED_ZERO).buffer), 16)
  bytes.set(new Uint8Array(hashOf(bytes, 0, 4088, SEED_ZERO).buffer), 4088)
}

/** Changes a byte of the record at `lsn` and recomputes its checks. Seals of the log keep their chain hash. */
export function forgeRecord(bytes: Uint8Array, lsn: number, offset: number, value: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const seed = seedOfFile(bytes.slice(24, 40))
  const at = RECORDS_START + lsn - Number(view.getBigUint64(64, true))
  bytes[at + offset] = value
  const payloadBytes = view.getUint32(at + 12, true)
  view.setInt32(at + 8, hashOf(bytes, at + 12, at + 32, seed)[0]! ^ lsn, true)
  const [low, high] = hashOf(bytes, at + 8, at + 32 + payloadBytes, seed)
  view.setInt32(at, low! ^ lsn, true)
  view.setInt32(at + 4, high!, true)
}

/** Appends records of any type, which `Wal.append` refuses, to the log in `log`. */
export function appendTypes(vfs: Vfs, types: readonly number[], clean: boolean): number[] {
  const { writer } = openLog(vfs, 'log', resolveWalOptions({ segmentBytes: 1024, preallocateBytes: 0 }))
  const lsns = types.map((type, index) => writer.append(Uint8Array.of(type, index), type, writer.lastSeq + 1))
  writer.sync()
  if (clean) writer.closeCleanly()
  writer.release()
  return lsns
}
