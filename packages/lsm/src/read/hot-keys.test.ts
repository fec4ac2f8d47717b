import { expect, test } from 'vitest'
import { BlockBuilder } from '../block/block-builder.js'
import { Block } from '../block/block.js'
import { EntryKind } from '../format.js'
import { Version } from '../version/version.js'
import { HotKeys } from './hot-keys.js'

function blockOf(key: Uint8Array): Block {
  const builder = new BlockBuilder()
  builder.add(EntryKind.Put, 1, key, 0, key.length, key, 0, key.length)
  const target = new Uint8Array(builder.byteCountMax)
  const block = Block.decode(target.slice(0, builder.finish(target, 0)))
  if (block === undefined) throw new Error('the block is malformed')
  return block
}

const versionOf = (): Version => {
  const version = Version.of([[], [], [], [], [], [], []])
  if (version === undefined) throw new Error('no version')
  return version
}

test('a key is found in the version that it was read from, until its block is evicted', () => {
  const hot = new HotKeys()
  const [first, second] = [versionOf(), versionOf()]
  const key = Uint8Array.of(1, 2, 3)
  const block = blockOf(key)
  const hash = hot.hashOf(key, key.length)
  expect(hot.blockOf(first, hash)).toBeUndefined()
  hot.add(hash, block, 24)
  expect([hot.blockOf(first, hash), hot.recordOffsetOf(hash)]).toEqual([block, 24])
  expect(hot.blockOf(first, hash ^ (1 << 30))).toBeUndefined()
  // A newer version may have the key in a newer table. The older one is not remembered, either.
  expect(hot.blockOf(second, hash)).toBeUndefined()
  expect(hot.blockOf(first, hash)).toBeUndefined()
  hot.add(hash, block, 24)
  block.evicted()
  expect(hot.blockOf(first, hash)).toBeUndefined()
})
