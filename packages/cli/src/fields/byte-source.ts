import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Bytes of a file, or decoded ones in memory, which are read by their offset. */
export interface ByteSource {
  /** Where the bytes are from, for messages. */
  readonly name: string
  readonly byteCount: number
  /** Returns the bytes from an offset on: fewer where the source ends. */
  read(offset: number, byteCount: number): Uint8Array
}

/** A file that is read without the lock of its database: a writer may change it meanwhile. */
export class FileSource implements ByteSource {
  readonly name: string
  readonly byteCount: number
  readonly #descriptor: number

  constructor(path: string) {
    this.name = path
    this.#descriptor = openSync(path, 'r')
    this.byteCount = fstatSync(this.#descriptor).size
  }

  read(offset: number, byteCount: number): Uint8Array {
    const wanted = Math.max(0, Math.min(byteCount, this.byteCount - offset))
    const bytes = new Uint8Array(wanted)
    const readCount = wanted === 0 ? 0 : readSync(this.#descriptor, bytes, 0, wanted, offset)
    return bytes.subarray(0, readCount)
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}

/** Returns bytes in memory as a source. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    byteCount: bytes.length,
    read: (offset, byteCount) => bytes.subarray(offset, offset + byteCount),
  }
}
