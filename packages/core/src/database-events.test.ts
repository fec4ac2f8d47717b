import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { copyAfterKill } from '../test/directory-tree.js'
import { Database } from './database.js'
import { openDatabase } from './open/opening.js'

function code(expected: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code: expected })
}

describe('events', () => {
  it('report checkpoints and compactions to listeners and on diagnostics channels', () => {
    using db = Database.memory()
    const seen: string[] = []
    const channel = (message: unknown): void => {
      seen.push(`channel ${String((message as { seq: number }).seq)}`)
    }
    const listener = ({ seq }: { seq: number }): void => {
      seen.push(`checkpoint ${seq}`)
    }
    subscribe('ldb:checkpoint', channel)
    db.on('checkpoint', listener).on('checkpoint', listener)
    db.on('compaction', ({ keyspace }) => seen.push(`compaction ${keyspace}`))
    db.put('a', '1')
    db.checkpoint()
    db.checkpoint()
    unsubscribe('ldb:checkpoint', channel)
    db.compact()
    db.off('checkpoint', listener)
    db.put('a', '2')
    db.checkpoint()
    expect(seen).toEqual(['checkpoint 1', 'channel 1', 'compaction default', 'checkpoint 1'])
    expect(() => db.on('nothing' as never, listener)).toThrowError(code('LDB_INVALID_ARGUMENT'))
    expect(() => db.on('error', 5 as never)).toThrowError(code('LDB_INVALID_ARGUMENT'))
  })

  it('name their database on diagnostics channels', () => {
    const messages: unknown[] = []
    const channel = (message: unknown): void => {
      messages.push(message)
    }
    subscribe('ldb:checkpoint', channel)
    try {
      using memory = Database.memory()
      using files = Database.open('named', { vfs: new MemoryVfs() })
      for (const db of [memory, files]) {
        db.put('a', '1')
        db.checkpoint()
      }
    } finally {
      unsubscribe('ldb:checkpoint', channel)
    }
    expect(messages).toHaveLength(2)
    expect(messages[0]).toMatchObject({ seq: 1, database: undefined })
    expect(messages[1]).toMatchObject({ seq: 1, database: 'named' })
  })

  it('do not fail the operation that emits them, and their listeners may write (U1, U2)', () => {
    const vfs = new MemoryVfs()
    const logged: string[] = []
    const log = (message: string): void => {
      logged.push(message)
    }
    const logger = { debug: log, info: log, warn: log, error: log }
    let db = new Database(openDatabase('data', { vfs, logger }, { checkpointLogBytes: 2_000 }))
    db.on('checkpoint', () => {
      db.put(`listener${db.seq}`, 'x')
      throw new Error('mine')
    })
    db.on('compaction', () => db.put('compacted', 'x'))
    for (let number = 0; number < 40; number++) db.put(`key${number}`, 'v'.repeat(200))
    db.compact()
    const entries = db.entries().toArray()
    expect(entries.length).toBeGreaterThan(42)
    expect(db.stats().checkpoints.count).toBeGreaterThan(2)
    expect(logged.some((message) => message.includes('mine'))).toBe(true)
    const left = copyAfterKill(vfs, 'data')
    db.close()
    db = Database.open('data', { vfs: left })
    expect(db.entries().toArray()).toEqual(entries)
    db.close()
  })
})
