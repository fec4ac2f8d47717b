import { uninitializedBytes } from '@ldb/base'
import * as portable from './lz4.js'
import { LZ4_MODULE } from './lz4-module.js'

/** Bytes at the start of the memory that belong to the module. */
const INPUT_START = 16_384
/** Bytes behind the input and behind the output that copies of the module may touch. */
const SLACK_BYTES = 32
const WASM_PAGE_BYTES = 65_536
/** Memory of WebAssembly never shrinks: longer bytes get an instance of their own. */
const SHARED_BYTES_MAX = 2 ** 22
/** A byte of a block stands for at most so many bytes. */
const RATIO_MAX = 255
/** Shorter bytes contain no match. */
const COMPRESSED_BYTES_MIN = 13

interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

interface Lz4Exports {
  readonly memory: WasmMemory
  compress(source: number, bytes: number, target: number, bytesMax: number): number
  decompress(source: number, bytes: number, target: number, rawBytes: number): number
}

interface WasmNamespace {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** An instance of the module. Its memory contains the input and the output of one call. */
class Lz4Instance {
  readonly #exports: Lz4Exports
  #bytes: Uint8Array

  constructor(wasm: WasmNamespace, module: object) {
    this.#exports = new wasm.Instance(module).exports as Lz4Exports
    this.#bytes = new Uint8Array(this.#exports.memory.buffer)
  }

  compress(source: Uint8Array): Uint8Array | undefined {
    const { length } = source
    const target = this.#place(source, length)
    const end = this.#exports.compress(INPUT_START, length, target, length - 1)
    return end === 0 ? undefined : this.#copy(target, end)
  }

  decompress(block: Uint8Array, rawBytes: number): Uint8Array | undefined {
    const target = this.#place(block, rawBytes)
    const isIntact = this.#exports.decompress(INPUT_START, block.length, target, rawBytes) === 1
    return isIntact ? this.#copy(target, rawBytes) : undefined
  }

  /** Copies the input to the memory. Returns the position of the output. */
  #place(input: Uint8Array, outputBytes: number): number {
    const target = INPUT_START + input.length + SLACK_BYTES
    const missing = target + outputBytes + SLACK_BYTES - this.#bytes.length
    if (missing > 0) {
      const { memory } = this.#exports
      memory.grow(Math.ceil(missing / WASM_PAGE_BYTES))
      this.#bytes = new Uint8Array(memory.buffer)
    }
    this.#bytes.set(input, INPUT_START)
    return target
  }

  #copy(start: number, byteCount: number): Uint8Array {
    const copy = uninitializedBytes(byteCount)
    copy.set(this.#bytes.subarray(start, start + byteCount))
    return copy
  }
}

/** What makes instances; `undefined` until the first use, `null` where there is no WebAssembly. */
let create: (() => Lz4Instance) | undefined | null = undefined
let shared: Lz4Instance | undefined = undefined

/** Returns an instance for inputs and outputs of so many bytes; `undefined` where there is none. */
function instanceFor(byteCount: number): Lz4Instance | undefined {
  if (create === undefined) create = creator()
  if (create === null) return undefined
  try {
    if (byteCount > SHARED_BYTES_MAX) return create()
    shared ??= create()
    return shared
  } catch {
    // Address space for another memory is missing.
    return undefined
  }
}

/** Compiles the module. A content security policy, or an engine without vectors of 128 bits, may refuse it. */
function creator(): (() => Lz4Instance) | null {
  const wasm = (globalThis as { WebAssembly?: WasmNamespace }).WebAssembly
  if (wasm === undefined) return null
  try {
    const module = new wasm.Module(decodeHex(LZ4_MODULE))
    return () => new Lz4Instance(wasm, module)
  } catch {
    return null
  }
}

function decodeHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) =>
    Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  )
}

/** WebAssembly implementation of `compressLz4`, which it calls where there is no WebAssembly. */
export function compressLz4(source: Uint8Array): Uint8Array | undefined {
  if (source.length < COMPRESSED_BYTES_MIN) return undefined
  const instance = instanceFor(source.length)
  return instance === undefined ? portable.compressLz4(source) : instance.compress(source)
}

/** WebAssembly implementation of `decompressLz4`, which it calls where there is no WebAssembly. */
export function decompressLz4(block: Uint8Array, rawBytes: number): Uint8Array | undefined {
  if (rawBytes > block.length * RATIO_MAX) return undefined
  const instance = instanceFor(block.length + rawBytes)
  return instance === undefined
    ? portable.decompressLz4(block, rawBytes)
    : instance.decompress(block, rawBytes)
}
