// Strategy: values with every code and every kind of view, whose bytes are a golden file, `test/fixtures/structured.json`. The independent reader
// of tooling/formats reads it too. `LDB_GOLDEN=write` writes it.
// Invariant: values have the bytes that they had in every released version, and their texts name what the bytes mean.
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { structuredValues } from '../encoding/value-encodings.js'

const FILE = new URL('../../test/fixtures/structured.json', import.meta.url)

/** Values with a text that is not made from their bytes. */
const VALUES: readonly (readonly [text: string, value: unknown])[] = [
  ['null', null],
  ['undefined', undefined],
  ['[false,true]', [false, true]],
  ['[0,1,-1,2147483647,-2147483648]', [0, 1, -1, 2_147_483_647, -2_147_483_648]],
  ['[2147483648,-2147483649,-0,0.5,NaN,Infinity]', [2_147_483_648, -2_147_483_649, -0, 0.5, NaN, Infinity]],
  ['[0n,1n,-1n,255n,-65536n,18446744073709551616n]', [0n, 1n, -1n, 255n, -65_536n, 2n ** 64n]],
  ['["","a","é€😀","\\ud800"]', ['', 'a', 'é€😀', '\ud800']],
  ['[Date(0),Date(-1),Date(NaN)]', [new Date(0), new Date(-1), new Date(NaN)]],
  ['{"a":{"b":[]},"\\udc00":{}}', { a: { b: [] }, '\udc00': {} }],
  ['Map{"at"=>[-2,1n,undefined]}', new Map([['at', [-2, 1n, undefined]]])],
  ['Map{{"k":1}=>Set{1,"1",1n}}', new Map([[{ k: 1 }, new Set<unknown>([1, '1', 1n])]])],
  ['[Uint8Array<0102ff>,Uint8Array<>]', [Uint8Array.of(1, 2, 255), new Uint8Array()]],
  ['ArrayBuffer<0102>', Uint8Array.of(1, 2).buffer],
  ['DataView<0102>', new DataView(Uint8Array.of(1, 2).buffer)],
  ['[Int8Array<ff>,Uint8ClampedArray<ff>]', [Int8Array.of(-1), Uint8ClampedArray.of(300)]],
  ['[Int16Array<feff>,Uint16Array<0201>]', [Int16Array.of(-2), Uint16Array.of(258)]],
  ['[Int32Array<feffffff>,Uint32Array<04030201>]', [Int32Array.of(-2), Uint32Array.of(0x01020304)]],
  ['[Float32Array<0000803f>,Float64Array<000000000000f03f>]', [Float32Array.of(1), Float64Array.of(1)]],
  [
    '[BigInt64Array<ffffffffffffffff>,BigUint64Array<0201000000000000>]',
    [BigInt64Array.of(-1n), BigUint64Array.of(258n)],
  ],
  [`"${'x'.repeat(200)}"`, 'x'.repeat(200)],
]

test('structured values have the bytes of the golden file', () => {
  const golden = VALUES.map(([text, value]) => ({
    text,
    hex: Buffer.from(structuredValues.encode(value)).toString('hex'),
  }))
  if (process.env['LDB_GOLDEN'] === 'write') writeFileSync(FILE, `${JSON.stringify(golden, undefined, 2)}\n`)
  expect(JSON.parse(readFileSync(FILE, 'utf8'))).toEqual(golden)
  for (const [index, { hex }] of golden.entries()) {
    expect(structuredValues.decode(Buffer.from(hex, 'hex'))).toEqual(VALUES[index]?.[1])
  }
})
