// Strategy: blocks of both twins and of liblz4, intact and damaged, are read by each of the others.
// Invariants: what one writes, all read; of a damaged block both twins read the same, or nothing; the twin in WebAssembly works where
// WebAssembly does not, and no call sees the bytes of another.
import fc from 'fast-check'
import { compressSync, uncompressSync } from 'lz4-napi'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { compressible, joined, noise, text } from '../../test/lz4-samples.js'
import * as wasm from './lz4-wasm.js'
import * as portable from './lz4.js'

describe('both twins and a reference implementation', () => {
  const writers = [
    ['TypeScript', portable.compressLz4],
    ['WebAssembly', wasm.compressLz4],
    // Its blocks follow the length of the bytes.
    ['liblz4', (bytes: Uint8Array) => Uint8Array.from(compressSync(Buffer.from(bytes)).subarray(4))],
  ] as const

  test.each(writers)('read what %s writes', (_, compress) => {
    fc.assert(
      fc.property(compressible, (bytes) => {
        const block = compress(bytes)
        if (block === undefined || bytes.length === 0) return
        const prefixed = Buffer.concat(
          [Uint32Array.of(bytes.length), block].map((each) => Buffer.from(each.buffer)),
        )
        expect(Buffer.compare(portable.decompressLz4(block, bytes.length)!, bytes)).toBe(0)
        expect(Buffer.compare(wasm.decompressLz4(block, bytes.length)!, bytes)).toBe(0)
        expect(Buffer.compare(uncompressSync(prefixed), bytes)).toBe(0)
      }),
      { numRuns: 300 },
    )
  })

  test('read the same of blocks that are damaged', () => {
    fc.assert(
      fc.property(compressible, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, change) => {
        const block = portable.compressLz4(bytes)
        if (block === undefined) return
        block[at % block.length]! ^= change
        const [first, second] = [portable, wasm].map((twin) => twin.decompressLz4(block, bytes.length))
        expect(first === undefined ? second === undefined : Buffer.compare(first, second!) === 0).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the twin in WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  test.each<[string, boolean, unknown]>([
    ['uses WebAssembly where it is', true, undefined],
    ['works where there is none', false, null],
    [
      'works where a policy refuses the module',
      false,
      {
        Module: class {
          constructor() {
            throw new Error('a content security policy')
          }
        },
      },
    ],
    [
      'works where there is no memory left',
      false,
      {
        Module: class {},
        Instance: class {
          constructor() {
            throw new RangeError('out of memory')
          }
        },
      },
    ],
  ])('%s', async (_, isUsed, substitute) => {
    vi.resetModules()
    const { Module, Instance } = (
      globalThis as unknown as { WebAssembly: Record<string, new (argument: unknown) => object> }
    ).WebAssembly
    let instances = 0
    const counting = {
      Module,
      Instance: class {
        constructor(module: unknown) {
          instances++
          return new Instance!(module)
        }
      },
    }
    vi.stubGlobal('WebAssembly', substitute === undefined ? counting : (substitute ?? undefined))
    const fresh = await import('./lz4-wasm.js')
    const block = fresh.compressLz4(text)!
    expect(Buffer.compare(fresh.decompressLz4(block, text.length)!, text)).toBe(0)
    expect(instances).toBe(isUsed ? 1 : 0)
  })

  test('inputs one after another never see each other', () => {
    // The table of the compressor is not cleared, nor is the memory of the decompressor.
    for (let round = 0; round < 400; round++) {
      const bytes = joined(
        noise(200 + (round % 70), round % 5),
        text.subarray(round, round + 500),
        noise(50, 3),
      )
      const block = wasm.compressLz4(bytes)
      if (block !== undefined) expect(Buffer.compare(wasm.decompressLz4(block, bytes.length)!, bytes)).toBe(0)
      expect(wasm.decompressLz4(Uint8Array.of(0x10, 1, 200, 0, 0x50, 1, 2, 3, 4, 5), 10)).toBeUndefined()
    }
  })

  test('long inputs leave no memory behind', () => {
    const bytes = new Uint8Array(2 ** 23).fill(7)
    const block = wasm.compressLz4(bytes)!
    expect(Buffer.compare(wasm.decompressLz4(block, bytes.length)!, bytes)).toBe(0)
  })
})
