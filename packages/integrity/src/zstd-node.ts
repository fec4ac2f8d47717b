import * as nodeZlib from 'node:zlib'
import type { Zstd } from './zstd.js'

/** The part of `node:zlib` that Node has from version 22.15 on. */
interface ZlibWithZstd {
  readonly zstdCompressSync: (bytes: Uint8Array, options: object) => Uint8Array
  readonly zstdDecompressSync: (bytes: Uint8Array, options: object) => Uint8Array
}

/** ZSTD_c_compressionLevel: 100; ZSTD_d_windowLogMax: 100. */
const PARAMETER = 100
const LEVEL = 3
const WINDOW_LOG_MIN = 10
const CHUNK_BYTES_MIN = 64

/** The functions are read when they are used first: this module does not load `node:zlib` where its bundle is a CommonJS module. */
const functions = (): ZlibWithZstd => nodeZlib as object as ZlibWithZstd

/** Zstandard of `node:zlib`; `undefined` before Node 22.15. */
export const zstd: Zstd | undefined = hasZstd()
  ? {
      compress(bytes: Uint8Array): Uint8Array {
        const options = { params: { [PARAMETER]: LEVEL }, pledgedSrcSize: bytes.length }
        return new Uint8Array(functions().zstdCompressSync(bytes, options))
      },
      decompress(frame: Uint8Array, rawBytes: number): Uint8Array | undefined {
        // The window of a frame with a known length is no longer than that: a greater one is a claim on memory.
        const windowLog = Math.max(WINDOW_LOG_MIN, Math.ceil(Math.log2(Math.max(1, rawBytes))))
        const options = {
          params: { [PARAMETER]: windowLog },
          chunkSize: Math.max(CHUNK_BYTES_MIN, rawBytes + 1),
          maxOutputLength: rawBytes + 1,
        }
        try {
          const raw = functions().zstdDecompressSync(frame, options)
          return raw.length === rawBytes ? new Uint8Array(raw) : undefined
        } catch {
          return undefined
        }
      },
    }
  : undefined

/** Reports whether the functions exist. Node says so in its versions; other runtimes do not. */
function hasZstd(): boolean {
  const { bun, deno, zstd: version } = process.versions
  if (bun === undefined && deno === undefined) return version !== undefined
  const { zstdCompressSync, zstdDecompressSync } = nodeZlib as Partial<ZlibWithZstd>
  return zstdCompressSync !== undefined && zstdDecompressSync !== undefined
}
