import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { DataKeys } from '@ldb/integrity'

/** Returns the data keys of an encrypted file; `undefined` when no key was given. */
export type FindKeys = () => DataKeys | undefined

/** Bytes of a file, or decoded ones in memory, which are read by their offset. */
export interface ByteSource {
  /** Where the bytes are from, for messages. */
  readonly name: string
  readonly byteCount: number
  /** Absent where nothing is encrypted. Called for encrypted files only: it may derive a key. */
  readonly keys?: FindKeys
  /** Returns the bytes from an offset on: fewer where the source ends. */
  read(offset: number, byteCount: number): Uint8Array
}

/** A file that is read without the lock of its database: a writer may change it meanwhile. */
export class FileSource implements ByteSource {
  readonly name: string
  readonly byteCount: number
  readonly keys: FindKeys
  readonly #descriptor: number

  /** @param findKeys - is called once. */
  constructor(path: string, findKeys: FindKeys = () => undefined) {
    this.name = path
    this.#descriptor = openSync(path, 'r')
    this.byteCount = fstatSync(this.#descriptor).size
    let found: { readonly keys: DataKeys | undefined } | undefined
    this.keys = () => (found ??= { keys: findKeys() }).keys
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

/** Returns a source with other bytes from an offset on. */
export function overlaid(source: ByteSource, at: number, bytes: Uint8Array): ByteSource {
  const { name, byteCount, keys } = source
  return {
    name,
    byteCount,
    ...(keys === undefined ? {} : { keys }),
    read(offset, count) {
      const read = Uint8Array.from(source.read(offset, count))
      const [start, end] = [Math.max(offset, at), Math.min(offset + read.length, at + bytes.length)]
      if (start < end) read.set(bytes.subarray(start - at, end - at), start - offset)
      return read
    },
  }
}
