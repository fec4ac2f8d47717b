// Strategy: the extent of the dictionaries is damaged, and the meta blocks that refer to it are lost.
// Invariant: that loses the values that the dictionaries encode, and nothing else.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { META_COPY_BLOCK, META_STRIDE } from '../src/format.js'
import { salvageTree } from '../src/index.js'
import { codeOf, extentOf, filled, nameOf, open } from './dictionary-trees.js'
import { contentOf } from './golden.js'
import { recordOf } from './records.js'
import { findingsOf, keyOf, textOf } from './tree-harness.js'

describe('a damaged extent of dictionaries', () => {
  const built = filled(600)
  const image = contentOf(built.vfs as MemoryVfs, built.path)
  const { start } = extentOf(image)
  const damaged = image.slice()
  damaged[start + 200]! ^= 1

  test('is a finding, and encoded values are LDB_CORRUPTION with file and offset', () => {
    const harness = open(damaged)
    // The first values are the samples.
    expect(textOf(harness.tree.get(keyOf(nameOf(0)))!)).toBe(recordOf(0))
    expect(codeOf(() => harness.tree.get(keyOf(nameOf(599))))).toBe('LDB_CORRUPTION')
    try {
      harness.tree.get(keyOf(nameOf(599)))
    } catch (error) {
      expect(isLdbError(error) && error.details).toMatchObject({
        file: '/tree.ldb',
        offset: start + 200 - 200,
      })
    }
    expect(findingsOf(harness.tree).some(({ offset }) => offset === start)).toBe(true)
  })

  test('lets everything else be read and written, without encoding', () => {
    const harness = open(damaged)
    for (let index = 0; index < 600; index += 1) harness.put(nameOf(index), recordOf(index + 7))
    harness.tree.compact()
    expect(harness.actual()).toEqual(harness.expected())
    expect(findingsOf(harness.tree).length).toBe(1)
  })

  test('costs a salvage the encoded values only', () => {
    const found = new Map<string, string>()
    let losses = 0
    const vfs = open(damaged).vfs
    salvageTree(vfs, '/tree.ldb', {
      entry: (key, value) => found.set(textOf(key), textOf(value)),
      loss: () => (losses += 1),
      doubt: () => expect.unreachable(),
    })
    expect(found.size + losses).toBe(600)
    expect(found.size).toBeGreaterThan(10)
    for (const [key, value] of found) expect(value).toBe(built.model.get(key))
  })
})

test('a salvage finds the dictionaries without any meta block', () => {
  const built = filled(600)
  built.put(nameOf(5), recordOf(9))
  built.tree.checkpoint()
  const image = contentOf(built.vfs as MemoryVfs, built.path)
  for (const block of [0, 1, 2, META_COPY_BLOCK])
    image.fill(0xaa, block * META_STRIDE, block * META_STRIDE + 512)
  const found = new Map<string, string>()
  const vfs = new MemoryVfs()
  vfs.open('/tree.ldb', 'createNew').write(image, 0, image.length, 0)
  const report = salvageTree(
    vfs,
    '/tree.ldb',
    {
      entry: (key, value) => found.set(textOf(key), textOf(value)),
      loss: () => undefined,
      doubt: () => expect.unreachable(),
    },
    { identity: built.tree.identity },
  )
  expect(report.hasMeta).toBe(false)
  expect(found).toEqual(built.model)
})
