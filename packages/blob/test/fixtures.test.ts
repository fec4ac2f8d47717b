// The golden file is written by `writeGolden` below and never changes: every later build reads it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BlobFiles, CHUNK_BYTES } from '../src/index.js'
import { areEqual, bytesOf, KEY, replace, valueOf } from './files.js'

const blob = new URL('fixtures/v1/1.blob', import.meta.url)
const expected = new URL('fixtures/v1/expected.json', import.meta.url)
const SIZES = [0, 100, 3000, CHUNK_BYTES + 5]

/** Returns values that compress well, so that the repository stays small. */
function goldenValue(index: number): Uint8Array {
  return valueOf(index, Math.min(SIZES[index]!, 4096)).length < SIZES[index]!
    ? new Uint8Array(SIZES[index]!).fill(index + 1)
    : valueOf(index, SIZES[index]!)
}

function writeGolden(): void {
  const vfs = new MemoryVfs({ seed: 12 })
  vfs.makeDirectory('blobs')
  const files = BlobFiles.open(vfs, 'blobs')
  const references = SIZES.map((_, index) =>
    Buffer.from(files.append(KEY.subarray(0, index), goldenValue(index))).toString('hex'),
  )
  writeFileSync(blob, bytesOf(vfs, 'blobs/1.blob'))
  writeFileSync(expected, `${JSON.stringify({ valueBytes: SIZES, references }, null, 2)}\n`)
}

test('the golden file of version 1 is readable', () => {
  if (!existsSync(blob)) writeGolden()
  const { references } = JSON.parse(readFileSync(expected, 'utf8')) as { references: string[] }
  const vfs = new MemoryVfs()
  vfs.makeDirectory('blobs')
  replace(vfs, 'blobs/1.blob', readFileSync(blob))
  const files = BlobFiles.open(vfs, 'blobs')
  expect(references).toHaveLength(SIZES.length)
  for (const [index, hex] of references.entries()) {
    expect(areEqual(files.read(Buffer.from(hex, 'hex')), goldenValue(index)), hex).toBe(true)
  }
})
