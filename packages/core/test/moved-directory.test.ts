// A directory in memory that is moved or replaced while its database is open (D8). The testkit tests real directories and processes.
import { isLdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import { flushMicrotasks } from './async-setup.js'
import { hashTree } from './directory-tree.js'

let vfs: MemoryVfs
let db: Database
let errors: unknown[]

beforeEach(() => {
  vfs = new MemoryVfs()
  const foreign = Database.open('/foreign', { vfs })
  foreign.keyspace('second')
  foreign.close()
  db = Database.open('/data', { vfs })
  db.keyspace('dropped').put('a', '1')
  db.put('own', '1')
  db.checkpoint()
  errors = []
  db.on('error', ({ error }) => errors.push(error))
})

afterEach(() => {
  db.close()
})

function replace(): Map<string, string> {
  vfs.rename('/data', '/moved')
  vfs.rename('/foreign', '/data')
  return hashTree(vfs, '/data')
}

function expectPoisoned(action: () => unknown): void {
  expect(action).toThrowError(expect.objectContaining({ code: 'LDB_POISONED' }))
}

describe('after the directory was moved and replaced', () => {
  it('an operation by name poisons the database with the cause, and changes nothing', () => {
    const foreign = replace()
    db.put('later', '1')
    expectPoisoned(() => db.keyspace('made'))
    try {
      db.put('refused', '1')
    } catch (error) {
      expect(isLdbError(error, 'LDB_POISONED') && isLdbError(error.cause, 'LDB_POISONED')).toBe(true)
      expect(String(error)).toContain(
        'the directory /data was moved, or removed, and replaced while it was in use',
      )
    }
    expect(db.get('own')).toBe('1')
    db.close()
    expect(hashTree(vfs, '/data')).toEqual(foreign)
    const moved = Database.open('/moved', { vfs })
    expect([moved.verify().ok, moved.get('own'), moved.get('later'), moved.has('refused')]).toEqual([
      true,
      '1',
      '1',
      false,
    ])
    moved.close()
  })

  it('close fails, releases everything, and loses nothing', () => {
    const foreign = replace()
    expectPoisoned(() => {
      db.close()
    })
    expect(db.isOpen).toBe(false)
    expect(hashTree(vfs, '/data')).toEqual(foreign)
    const reopened = [Database.open('/data', { vfs }), Database.open('/moved', { vfs })] as const
    expect(reopened.map((each) => each.count())).toEqual([0, 1])
    for (const each of reopened) each.close()
  })

  it('files of a dropped keyspace are removed from nowhere, although its last reader ends later', async () => {
    const cursor = db.keyspace('dropped').cursor()
    db.dropKeyspace('dropped')
    const foreign = replace()
    cursor.close()
    expect(hashTree(vfs, '/data')).toEqual(foreign)
    expect(vfs.list('/moved/keyspaces')).toEqual(['1', '2'])
    await flushMicrotasks()
    expect(errors).toEqual([expect.objectContaining({ code: 'LDB_POISONED' })])
    expectPoisoned(() => {
      db.put('refused', '1')
    })
  })

  it('a stream of changes fails, and poisons the database', async () => {
    db.put('another', '1')
    const stream = db.changes({ since: db.seq - 1 })
    replace()
    await expect(stream.next()).rejects.toMatchObject({ code: 'LDB_POISONED' })
    await flushMicrotasks()
    expect(errors).toHaveLength(1)
    expectPoisoned(() => {
      db.put('refused', '1')
    })
  })

  it('a verification does not report on the other database', () => {
    replace()
    expectPoisoned(() => db.verify())
  })

  it('a database that was opened read-only reads no file of the other one', () => {
    db.close()
    db = Database.open('/data', { vfs, readOnly: true })
    replace()
    expectPoisoned(() => db.verify())
    // The descriptor of its file was closed after the open.
    expectPoisoned(() => db.get('own'))
  })
})

it('destroy removes nothing from a directory that takes the place of the database meanwhile', () => {
  db.close()
  let foreign: Map<string, string> | undefined
  const remove = vfs.remove.bind(vfs)
  vfs.remove = (path): void => {
    remove(path)
    foreign ??= replace()
  }
  expectPoisoned(() => {
    Database.destroy('/data', { vfs })
  })
  expect(hashTree(vfs, '/data')).toEqual(foreign)
})

it('destroy leaves an empty directory that takes the place of the database after its last file', () => {
  db.close()
  const lock = vfs.lock.bind(vfs)
  vfs.lock = (directory) => {
    const held = lock(directory)
    return {
      ...held,
      release(): void {
        held.release()
        vfs.rename('/data', '/moved')
        vfs.makeDirectory('/data')
      },
    }
  }
  expectPoisoned(() => {
    Database.destroy('/data', { vfs })
  })
  expect([vfs.list('/data'), vfs.list('/moved')]).toEqual([[], []])
})
