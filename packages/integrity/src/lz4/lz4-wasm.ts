import { assert, uninitializedBytes } from '@ldb/base'
import { LZ4_DICTIONARY_BYTES_MAX, LZ4_DICTIONARY_INPUT_BYTES_MAX } from './lz4-dictionary.js'
import type { Lz4Dictionary } from './lz4-dictionary.js'
import * as portable from './lz4.js'
import { LZ4_MODULE } from './lz4-module.js'

/** Bytes at the start of the memory that belong to the module. */
const INPUT_START = 32_768
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
  index(source: number, bytes: number): void
  compress(source: number, bytes: number, target: number, bytesMax: number, history: number): number
  decompress(source: number, bytes: number, target: number, rawBytes: number, history: number): number
}

interface WasmNamespace {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** An instance of the module. Its memory contains the input and the output of one call. */
class Lz4Instance {
  readonly #exports: Lz4Exports
  #bytes: Uint8Array

  constructor(exports: Lz4Exports) {
    this.#exports = exports
    this.#bytes = new Uint8Array(exports.memory.buffer)
  }

  compress(source: Uint8Array): Uint8Array | undefined {
    const { length } = source
    const target = this.#place(source, length)
    const end = this.#exports.compress(INPUT_START, length, target, length - 1, 0)
    return end === 0 ? undefined : this.#copy(target, end)
  }

  decompress(block: Uint8Array, rawBytes: number): Uint8Array | undefined {
    const target = this.#place(block, rawBytes)
    const isIntact = this.#exports.decompress(INPUT_START, block.length, target, rawBytes, 0) === 1
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

/**
 * A dictionary in the memory of an instance of its own, before the bytes that are compressed, or decompressed. The block follows them.
 */
class WasmDictionary implements Lz4Dictionary {
  readonly bytes: Uint8Array
  readonly #exports: Lz4Exports
  readonly #memory: Uint8Array
  /** Position behind the dictionary. */
  readonly #raw: number

  constructor(exports: Lz4Exports, bytes: Uint8Array) {
    this.bytes = bytes
    this.#exports = exports
    this.#raw = INPUT_START + bytes.length
    // Blocks are shorter than the bytes that they stand for.
    const end = this.#raw + 2 * (LZ4_DICTIONARY_INPUT_BYTES_MAX + SLACK_BYTES)
    const missing = end - exports.memory.buffer.byteLength
    if (missing > 0) exports.memory.grow(Math.ceil(missing / WASM_PAGE_BYTES))
    this.#memory = new Uint8Array(exports.memory.buffer)
    this.#memory.set(bytes, INPUT_START)
    exports.index(INPUT_START, bytes.length)
  }

  compress(
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
    bytesMax: number,
  ): number {
    const byteCount = end - start
    if (byteCount < COMPRESSED_BYTES_MIN || byteCount > LZ4_DICTIONARY_INPUT_BYTES_MAX) return 0
    const raw = this.#raw
    const block = raw + byteCount + SLACK_BYTES
    this.#memory.set(source.subarray(start, end), raw)
    const most = Math.min(bytesMax, byteCount)
    const blockBytes = this.#exports.compress(raw, byteCount, block, most, this.bytes.length)
    if (blockBytes > 0) target.set(this.#memory.subarray(block, block + blockBytes), at)
    return blockBytes
  }

  decompress(
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
    rawBytes: number,
  ): boolean {
    const blockBytes = end - start
    if (rawBytes > LZ4_DICTIONARY_INPUT_BYTES_MAX || blockBytes > LZ4_DICTIONARY_INPUT_BYTES_MAX) return false
    const raw = this.#raw
    const block = raw + rawBytes + SLACK_BYTES
    this.#memory.set(source.subarray(start, end), block)
    if (this.#exports.decompress(block, blockBytes, raw, rawBytes, this.bytes.length) === 0) return false
    target.set(this.#memory.subarray(raw, raw + rawBytes), at)
    return true
  }
}

/** Compiles the module once; `undefined` until the first use, `null` where there is no WebAssembly. */
let instantiate: (() => Lz4Exports) | undefined | null = undefined
let shared: Lz4Instance | undefined = undefined

/** Returns an instance for inputs and outputs of so many bytes; `undefined` where there is none. */
function instanceFor(byteCount: number): Lz4Instance | undefined {
  if (byteCount <= SHARED_BYTES_MAX && shared !== undefined) return shared
  const exports = newExports()
  if (exports === undefined) return undefined
  const instance = new Lz4Instance(exports)
  if (byteCount <= SHARED_BYTES_MAX) shared = instance
  return instance
}

/** Returns the exports of a new instance; `undefined` where there is none. */
function newExports(): Lz4Exports | undefined {
  if (instantiate === undefined) instantiate = instantiator()
  try {
    return instantiate?.()
  } catch {
    // Address space for another memory is missing.
    return undefined
  }
}

/** Compiles the module. A content security policy, or an engine without vectors of 128 bits, may refuse it. */
function instantiator(): (() => Lz4Exports) | null {
  const wasm = (globalThis as { WebAssembly?: WasmNamespace }).WebAssembly
  if (wasm === undefined) return null
  try {
    const module = new wasm.Module(decodeHex(LZ4_MODULE))
    return () => new wasm.Instance(module).exports as Lz4Exports
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

/** WebAssembly implementation of `createLz4Dictionary`, which it calls where there is no WebAssembly. */
export function createLz4Dictionary(bytes: Uint8Array): Lz4Dictionary {
  assert(bytes.length <= LZ4_DICTIONARY_BYTES_MAX, 'a dictionary is not too long')
  const exports = newExports()
  return exports === undefined ? portable.createLz4Dictionary(bytes) : new WasmDictionary(exports, bytes)
}
