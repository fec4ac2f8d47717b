import { expect, it } from 'vitest'
import { MemoryVfs } from './memory/memory-vfs.js'
import { OverlayVfs } from './memory/overlay-vfs.js'
import { pathNames } from './path-names.js'

it('splits paths into normalized names', () => {
  expect(pathNames('/a//b/./c/')).toEqual(['a', 'b', 'c'])
  expect(pathNames('a/b/../../../c')).toEqual(['c'])
  expect(pathNames('/')).toEqual([])
  expect(pathNames('../../a/../b', true)).toEqual(['..', '..', 'b'])
})

it.each([undefined, null, 5, ['a']])('MemoryVfs and OverlayVfs refuse %s as a path', (path) => {
  const refusal = expect.objectContaining({ code: 'LDB_INVALID_ARGUMENT' }) as Error
  for (const vfs of [new MemoryVfs(), new OverlayVfs(new MemoryVfs())]) {
    expect(() => vfs.status(path as never)).toThrow(refusal)
    expect(() => vfs.open(path as never, 'createNew')).toThrow(refusal)
    expect(() => vfs.list(path as never)).toThrow(refusal)
  }
})
