// Strategy: paths of a real file system that a database rarely has: names near the limit of 255 bytes, symbolic links, read-only mounts.
// Invariants: what the file system allows works, temporary names included; what it refuses is an error that says what to do.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileError, MemoryVfs } from '@ldb/vfs'
import { afterAll, describe, expect, it } from 'vitest'
import { Database } from '../src/index.js'
import { temporaryDirectory } from '../src/catalog/temporary-directory.js'
import { codeOf } from './outcome-codes.js'

const root = mkdtempSync(join(tmpdir(), 'ldb-paths-'))

afterAll(() => {
  rmSync(root, { recursive: true })
})

function create(path: string): void {
  const db = Database.open(path)
  db.put('a', '1')
  db.close()
}

describe('a name near the limit of the file system', () => {
  it.each(['n'.repeat(240), 'n'.repeat(255), 'é'.repeat(127), '😀'.repeat(63)])('works: %s', (name) => {
    const path = join(root, name)
    create(path)
    const [repaired, backup, restored] = ['1', '2', '3'].map((last) => path.slice(0, -2) + last) as [
      string,
      string,
      string,
    ]
    Database.repair(path, { target: repaired })
    using db = Database.open(repaired)
    db.backup(backup)
    Database.restore(backup, restored)
    for (const each of [path, restored]) {
      expect(Database.verify(each).ok).toBe(true)
      Database.destroy(each)
    }
    expect(db.get('a')).toBe('1')
  })

  it('bounds that of a temporary directory', () => {
    const vfs = new MemoryVfs()
    expect(temporaryDirectory(vfs, 'above/data', 'creating')).toMatch(/^above\/data\.creating-[0-9a-f]{16}$/)
    const name = temporaryDirectory(vfs, 'é'.repeat(127), 'creating')
    expect(name).toMatch(/^é+\.creating-[0-9a-f]{16}$/)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(254)
    expect(temporaryDirectory(vfs, name, 'creating').length).toBeLessThanOrEqual(name.length)
  })
})

describe('a symbolic link', () => {
  it('stays when the database that it leads to is destroyed', () => {
    const [target, link] = [join(root, 'target'), join(root, 'link')]
    create(target)
    symlinkSync('target', link)
    Database.destroy(link)
    expect(readdirSync(target)).toEqual([])
    expect(codeOf(() => Database.destroy(link))).toBe('LDB_FORMAT')
    create(link)
    using db = Database.open(target)
    expect(db.get('a')).toBe('1')
  })

  it('to nothing is named', () => {
    const link = join(root, 'dangling')
    symlinkSync('nothing', link)
    const refusal = { code: 'LDB_FORMAT', message: expect.stringContaining('symbolic link') as string }
    expect(() => Database.open(link)).toThrow(expect.objectContaining(refusal))
    expect(() => Database.destroy(link)).toThrow(expect.objectContaining(refusal))
  })
})

describe('a read-only file system', () => {
  class ReadOnlyVfs extends MemoryVfs {
    isReadOnly = false

    override lock(path: string): ReturnType<MemoryVfs['lock']> {
      if (this.isReadOnly) throw fileError('EROFS', { operation: 'lock', file: `${path}/LOCK` })
      return super.lock(path)
    }
  }

  it('is refused with the option that opens it', () => {
    const vfs = new ReadOnlyVfs()
    Database.open('data', { vfs }).close()
    vfs.isReadOnly = true
    expect(() => Database.open('data', { vfs })).toThrow(
      expect.objectContaining({
        code: 'LDB_READ_ONLY',
        message: expect.stringContaining('readOnly: true') as string,
        details: expect.objectContaining({ errno: 'EROFS' }) as unknown,
      }),
    )
  })

  const namespaces = ['-Urm', 'true']
  const canMount = process.platform === 'linux' && spawnSync('unshare', namespaces).status === 0

  it.runIf(canMount)('is read where it is mounted: namespaces of users are needed to mount it', () => {
    const path = join(root, 'mounted')
    create(path)
    const child = fileURLToPath(new URL('children/read-only-mount.mjs', import.meta.url))
    const script = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && "$1" "$2" "$0"'
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['-Urm', 'sh', '-c', script, path, process.execPath, child],
      { encoding: 'utf8' },
    )
    expect(stderr).toBe('')
    const [refused, read] = stdout.trim().split('\n')
    expect(refused).toMatch(/^LDB_READ_ONLY .*readOnly: true$/)
    expect(read).toBe('1')
    expect(existsSync(join(path, 'LOCK'))).toBe(false)
  })
})
