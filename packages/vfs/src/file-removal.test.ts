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
  /** Removes off the thread when the test says so. */
  class HeldVfs extends MemoryVfs {
    readonly held: (() => void)[] = []
    removeAsync(path: string): Promise<void> {
      return new Promise((resolve, reject) => {
        this.held.push(() => {
          try {
            this.remove(path)
            resolve()
          } catch (error) {
            reject(error as Error)
          }
        })
      })
    }
  }

  function makeFile<T extends MemoryVfs>(vfs: T): { vfs: T; poll: () => boolean } {
    vfs.open('/file', 'create').close()
    return { vfs, poll: new FileRemoval(vfs, '/file').beginSync() }
  }

  test('ends when the name is gone, before the event loop has turned', async () => {
    const { vfs, poll } = makeFile(new HeldVfs())
    expect([poll(), poll()]).toEqual([false, false])
    vfs.held[0]?.()
    expect([poll(), poll()]).toEqual([true, true])
    await new Promise(setImmediate)
  })

  test('is done by the caller after many polls, and the other one may come late', async () => {
    const { vfs, poll } = makeFile(new HeldVfs())
    let pollCount = 1
    while (!poll()) pollCount++
    expect(pollCount).toBeGreaterThan(10)
    expect(vfs.status('/file')).toBeUndefined()
    vfs.held[0]?.()
    await new Promise(setImmediate)
    expect(poll()).toBe(true)
  })

  test('is done at once where nothing is removed off the thread', () => {
    const { vfs, poll } = makeFile(new MemoryVfs())
    expect(poll()).toBe(true)
    expect(vfs.status('/file')).toBeUndefined()
  })

  test('fails as the removal does', async () => {
    class FailingVfs extends MemoryVfs {
      async removeAsync(path: string): Promise<void> {
        throw new LdbError('LDB_IO', `${path} is busy`)
      }
    }
    const { poll } = makeFile(new FailingVfs())
    await new Promise(setImmediate)
    expect(poll).toThrowError(expect.objectContaining({ code: 'LDB_IO' }))
  })
})
