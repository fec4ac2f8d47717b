import { LdbError } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import { FileRemoval } from './file-removal.js'
import { MemoryVfs } from './memory/memory-vfs.js'
import type { OpenMode, VfsFile } from './vfs.js'

test('truncates a large file before it removes its name, also while it is open', () => {
  const vfs = new MemoryVfs()
  const large = vfs.open('/large', 'create')
  large.truncate(16 * 1024 * 1024)
  new FileRemoval(vfs, '/large').sync()
  expect([vfs.status('/large'), large.length()]).toEqual([undefined, 0])
  const small = vfs.open('/small', 'create')
  small.truncate(1000)
  new FileRemoval(vfs, '/small').sync()
  expect([vfs.status('/small'), small.length()]).toEqual([undefined, 1000])
})

test('removes a large file that it cannot truncate', () => {
  class UnopenableVfs extends MemoryVfs {
    isFull = false
    override open(path: string, mode: OpenMode): VfsFile {
      if (this.isFull) throw new LdbError('LDB_IO', 'too many open files')
      return super.open(path, mode)
    }
  }
  const vfs = new UnopenableVfs()
  vfs.open('/file', 'create').truncate(16 * 1024 * 1024)
  vfs.isFull = true
  new FileRemoval(vfs, '/file').sync()
  expect(vfs.status('/file')).toBeUndefined()
})

test('leaves a file that has taken the place of the one to remove', async () => {
  const vfs = new MemoryVfs()
  vfs.open('/file', 'create').close()
  const removals = [new FileRemoval(vfs, '/file'), new FileRemoval(vfs, '/file')] as const
  vfs.rename('/file', '/moved')
  vfs.open('/file', 'create').close()
  expect(() => {
    removals[0].sync()
  }).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
  await expect(removals[1].syncAsync()).rejects.toMatchObject({ code: 'LDB_POISONED' })
  expect(vfs.list('/')).toEqual(['file', 'moved'])
})

describe('a removal that is polled', () => {
  test('frees the space of a large file in parts', () => {
    const vfs = new MemoryVfs()
    const file = vfs.open('/file', 'create')
    file.truncate(40 * 1024)
    const poll = new FileRemoval(vfs, '/file').beginSync()
    const lengths: number[] = []
    while (!poll()) lengths.push(file.length())
    expect(lengths.length).toBeGreaterThan(5)
    expect(lengths).toEqual([...lengths].sort((a, b) => b - a))
    expect(new Set(lengths).size).toBe(lengths.length)
    expect(vfs.status('/file')).toBeUndefined()
    expect(poll()).toBe(true)
  })

  test('is done at once for a small file', () => {
    const vfs = new MemoryVfs()
    vfs.open('/file', 'create').close()
    expect(new FileRemoval(vfs, '/file').beginSync()()).toBe(true)
    expect(vfs.status('/file')).toBeUndefined()
  })

  test('changes no other file', () => {
    const vfs = new MemoryVfs()
    vfs.open('/file', 'create').truncate(40 * 1024)
    const poll = new FileRemoval(vfs, '/file').beginSync()
    vfs.rename('/file', '/moved')
    vfs.open('/file', 'create').truncate(40 * 1024)
    expect(poll).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
    expect(vfs.status('/file')?.length).toBe(40 * 1024)
  })
})
