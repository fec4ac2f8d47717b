import { isLdbError } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import type { FilePath } from './file-path.js'
import { MemoryVfs } from './memory/memory-vfs.js'
import { OverlayVfs } from './memory/overlay-vfs.js'
import { OwnedVfs } from './owned/owned-vfs.js'
import { resolvePath } from './resolve-path.js'

/** A file system whose paths depend on a working directory. */
class RelativeVfs extends MemoryVfs {
  workingDirectory = '/work'
  absolutePath(path: FilePath): string {
    return `${this.workingDirectory}/${typeof path === 'string' ? path : path.pathname}`
  }
}

describe('a file system without a working directory', () => {
  const vfs = new MemoryVfs()

  test('keeps plain paths', () => {
    for (const path of ['data', './data', '/a/../b', 'file:', 'file:/data', './file://data', ''])
      expect(resolvePath(vfs, path)).toBe(path)
  })

  test.each([
    ['file:///a/b', '/a/b'],
    ['FILE:///a%20b/100%25', '/a b/100%'],
    ['file://localhost/a', '/a'],
    ['file:///a?query#hash', '/a'],
    ['file:///%F0%9F%98%80', '/\u{1f600}'],
  ])('decodes the URL %s', (url, path) => {
    expect(resolvePath(vfs, url)).toBe(path)
    expect(resolvePath(vfs, new URL(url))).toBe(path)
  })
})

test.each([
  ['a URL with a host', 'file://host/a'],
  ['a URL with another scheme', new URL('https://example.org/a')],
  ['a URL with an encoded slash', 'file:///a%2Fb'],
  ['a URL that is not well-formed', 'file:///a%'],
  ['a URL with a NUL', 'file:///a%00'],
  ['a path with a NUL', 'a\0b'],
  ['a number', 7],
  ['null', null],
  ['undefined', undefined],
  ['an object', {}],
  ['an array', ['data']],
  [
    'an object with a property that throws',
    {
      get href(): string {
        throw new Error('refused')
      },
    },
  ],
])('%s is LDB_INVALID_ARGUMENT', (_, path) => {
  try {
    resolvePath(new MemoryVfs(), path as FilePath)
  } catch (error) {
    expect(isLdbError(error, 'LDB_INVALID_ARGUMENT')).toBe(true)
    return
  }
  expect.fail('accepted')
})

test('file systems over another one resolve paths as that one does', () => {
  const base = new RelativeVfs()
  for (const vfs of [base, new OverlayVfs(base), new OwnedVfs(base), new OwnedVfs(new OverlayVfs(base))])
    expect(resolvePath(vfs, 'data')).toBe('/work/data')
})
