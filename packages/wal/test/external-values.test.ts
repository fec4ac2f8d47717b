// Strategy: logs whose records of type 6 name values, which a stub of their owner syncs or has lost.
// Invariants: a record is never known to be synced before its values; a log that was left open ends before the first record above its synced
// position whose values are lost, whatever follows, and what it keeps is written again before the log is.
import { describe, expect, test } from 'vitest'
import { Wal } from '../src/index.js'
import type { ExternalValues } from '../src/index.js'
import { payloadOf, recordsOf } from './log-content.js'
import { KEEP_ALL, SimulatedVfs } from './simulated-vfs.js'

class Values implements ExternalValues {
  isSynced = true
  readonly calls: string[] = []
  readonly lost: Set<number> = new Set()
  failure: Error | undefined = undefined

  sync(): void {
    this.calls.push('sync')
    if (this.failure !== undefined) throw this.failure
    this.isSynced = true
  }

  async syncAsync(): Promise<void> {
    this.sync()
  }

  isComplete(payload: Uint8Array, _lsn: number): boolean {
    this.calls.push(`check ${payload.length}`)
    return !this.lost.has(payload.length)
  }

  persist(): void {
    this.calls.push('persist')
  }
}

function openWith(values: Values, vfs: SimulatedVfs = new SimulatedVfs()): { wal: Wal; vfs: SimulatedVfs } {
  return { wal: Wal.open(vfs, 'log', { preallocateBytes: 0, values }), vfs }
}

/** Appends a record that names a value which is not synced. */
function appendNaming(wal: Wal, values: Values, seq: number): number {
  values.isSynced = false
  return wal.append(payloadOf(seq, seq), { type: 6, seq })
}

describe('syncs', () => {
  test.each(['sync', 'syncAsync', 'startSync', 'rotate', 'close'] as const)(
    '%s syncs the values first',
    async (name) => {
      const values = new Values()
      const { wal, vfs } = openWith(values)
      appendNaming(wal, values, 1)
      wal.flush()
      vfs.trace.length = 0
      vfs.onOperation = (operation) => {
        if (operation === 'sync' && name !== 'syncAsync' && name !== 'startSync') {
          expect(values.isSynced).toBe(true)
        }
      }
      await wal[name]()
      expect(values.calls).toEqual(['sync'])
      if (name !== 'close') expect(wal.syncedLsn).toBe(wal.endLsn)
    },
  )

  test('values that are synced are not synced again', () => {
    const values = new Values()
    const { wal } = openWith(values)
    wal.append(payloadOf(1, 1), { type: 6, seq: 1 })
    wal.sync()
    expect(values.calls).toEqual([])
  })

  test('a failed sync of values fails the log, and the record is not known to be synced', async () => {
    for (const name of ['sync', 'syncAsync'] as const) {
      const values = new Values()
      const { wal } = openWith(values)
      const lsn = appendNaming(wal, values, 1)
      values.failure = new Error('lost')
      await expect(async () => wal[name]()).rejects.toMatchObject({ code: 'LDB_COMMIT_UNKNOWN' })
      expect(wal.syncedLsn).toBe(lsn)
      expect(wal.isPoisoned).toBe(true)
    }
  })

  test('no other thread is asked to sync while values are not synced', () => {
    const values = new Values()
    const { wal } = openWith(values)
    appendNaming(wal, values, 1)
    wal.flush()
    expect(wal.requestSync(0, 1)).toBeUndefined()
  })
})

test('a record of type 6 is refused without values', () => {
  const wal = Wal.open(new SimulatedVfs(), 'log')
  expect(() => wal.append(payloadOf(1, 1), { type: 6 })).toThrow('name values')
})

describe('recovery', () => {
  /** Returns a log of records 1 to 6, of which 1 and 2 were known to be synced when 3 was appended; odd ones name values. */
  function leftOpen(): SimulatedVfs {
    const values = new Values()
    const { wal, vfs } = openWith(values)
    for (let seq = 1; seq <= 6; seq++) {
      if (seq % 2 === 0) wal.append(payloadOf(seq, seq), { type: 1, seq })
      else appendNaming(wal, values, seq)
      if (seq === 2) wal.sync()
    }
    wal.flush()
    vfs.crash(KEEP_ALL)
    return vfs
  }

  test('checks the values of records that may not be on the device, and writes them again first', () => {
    const values = new Values()
    const { wal, vfs } = openWith(values, leftOpen())
    expect(values.calls).toEqual(['check 3', 'check 5', 'persist'])
    expect(recordsOf(wal).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6])
    vfs.crash(KEEP_ALL)
    // What recovery has copied is known to be synced.
    const later = new Values()
    expect(recordsOf(openWith(later, vfs).wal)).toHaveLength(6)
    expect(later.calls).toEqual(['persist'])
  })

  test('ends the log before the first record whose values are lost', () => {
    for (const [lost, left] of [
      [3, 2],
      [5, 4],
    ] as const) {
      const values = new Values()
      values.lost.add(lost)
      const { wal, vfs } = openWith(values, leftOpen())
      expect(recordsOf(wal).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6].slice(0, left))
      // The numbers of dropped records are not used again, and the records do not come back.
      expect(wal.seqFloor).toBe(6)
      expect(wal.lastSeq).toBe(left)
      vfs.crash(KEEP_ALL)
      expect(recordsOf(openWith(new Values(), vfs).wal)).toHaveLength(left)
    }
  })

  test('does not check the values of records that were synced', () => {
    const values = new Values()
    values.lost.add(1)
    expect(recordsOf(openWith(values, leftOpen()).wal)).toHaveLength(6)
  })

  test('checks nothing after a clean close', () => {
    const values = new Values()
    const { wal, vfs } = openWith(values)
    appendNaming(wal, values, 1)
    wal.close()
    const later = new Values()
    later.lost.add(1)
    expect(recordsOf(openWith(later, vfs).wal)).toHaveLength(1)
    expect(later.calls).toEqual([])
  })
})
