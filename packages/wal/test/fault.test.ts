// Strategy: one workload with rotation, truncation, sync and async sync. The k-th file operation fails, for every k, once or
// from then on, with LDB_IO or LDB_NO_SPACE. Then the process ends, or power is lost as well.
// Invariants: the error has the specified code; later calls are LDB_POISONED; after reopening, no acknowledged record is
// missing, and no record whose write was reported as failed reappears.
import { isLdbError, LdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { expect, test } from 'vitest'
import { Wal } from '../src/index.js'
import { findingsOf, hexOf, payloadOf, recordsOf } from './log-content.js'
import { KEEP_ALL, KEEP_NONE, SimulatedVfs } from './simulated-vfs.js'

const OPTIONS = { segmentBytes: 1024, bufferBytes: 4096, preallocateBytes: 512 }

interface Outcome {
  readonly code: LdbErrorCode | undefined
  readonly ackedCount: number
  /** Upper bound of the records that may be recovered. */
  readonly possibleCount: number
}

async function work(vfs: SimulatedVfs): Promise<Outcome> {
  let ackedCount = 0
  let appendedCount = 0
  const lsns: number[] = []
  let wal: Wal | undefined
  try {
    wal = Wal.open(vfs, 'log', OPTIONS)
    for (let commit = 0; commit < 12; commit++) {
      for (let index = 0; index <= commit % 3; index++) {
        appendedCount++
        lsns.push(wal.append(payloadOf(appendedCount, 150), { seq: appendedCount }))
      }
      if (commit % 4 === 1) wal.flush()
      else if (commit % 4 === 3) await wal.syncAsync()
      else wal.sync()
      if (commit % 4 !== 1) ackedCount = appendedCount
      if (commit === 8) wal.truncateBefore(wal.read(wal.firstLsn).nextLsn)
    }
    wal.close()
    return { code: undefined, ackedCount: appendedCount, possibleCount: appendedCount }
  } catch (error) {
    if (!isLdbError(error)) throw error
    const flushedLsn = wal?.flushedLsn ?? 0
    const flushedCount = lsns.filter((lsn) => lsn < flushedLsn).length
    if (wal !== undefined) await expectPoisoned(wal)
    wal?.close()
    const certain = error.code !== 'LDB_COMMIT_UNKNOWN'
    return { code: error.code, ackedCount, possibleCount: certain ? flushedCount : appendedCount }
  }
}

async function expectPoisoned(wal: Wal): Promise<void> {
  const steps = [
    () => wal.append(payloadOf(1, 1), { seq: Number.MAX_SAFE_INTEGER }),
    () => wal.flush(),
    () => wal.sync(),
    () => wal.rotate(),
    () => wal.truncateBefore(0),
  ]
  for (const step of steps) {
    // A log that fails during close is closed.
    expect(step).toThrow(expect.objectContaining({ code: expect.stringMatching(/^LDB_(POISONED|CLOSED)$/) }))
  }
  await expect(wal.syncAsync()).rejects.toMatchObject({
    code: expect.stringMatching(/^LDB_(POISONED|CLOSED)$/),
  })
}

for (const code of ['LDB_IO', 'LDB_NO_SPACE'] as const) {
  for (const sticky of [false, true]) {
    test(`${code} ${sticky ? 'permanently' : 'once'}, at every operation`, async () => {
      const seen = new Set<string>()
      for (let failing = 1; ; failing++) {
        for (const crash of [undefined, KEEP_NONE, KEEP_ALL]) {
          const vfs = new SimulatedVfs()
          let count = 0
          vfs.onOperation = (operation, path) => {
            // A full device can still truncate and sync.
            if (code === 'LDB_NO_SPACE' && (operation === 'truncate' || operation.startsWith('sync'))) return
            count++
            if (sticky ? count >= failing : count === failing) {
              throw new LdbError(code, 'injected', { details: { operation, file: path } })
            }
          }
          const outcome = await work(vfs)
          vfs.onOperation = undefined
          if (count < failing) {
            expect(outcome.code).toBe(undefined)
            expect(failing).toBeGreaterThan(code === 'LDB_IO' ? 80 : 30)
            // The operation after a seal that could not be written finds the log poisoned.
            // A full device never makes the outcome of a commit unknown, and is no error when only preallocation
            // fails.
            const expected =
              code === 'LDB_IO'
                ? ['LDB_COMMIT_UNKNOWN', 'LDB_IO', 'LDB_POISONED']
                : sticky
                  ? ['LDB_NO_SPACE', 'LDB_POISONED']
                  : ['LDB_NO_SPACE', 'LDB_POISONED', 'none']
            expect([...seen].sort()).toEqual(expected)
            return
          }
          seen.add(outcome.code ?? 'none')
          if (crash !== undefined) vfs.crash(crash)
          const wal = Wal.open(vfs, 'log', OPTIONS)
          const records = recordsOf(wal)
          expect(wal.lastSeq).toBeGreaterThanOrEqual(outcome.ackedCount)
          expect(wal.lastSeq).toBeLessThanOrEqual(outcome.possibleCount)
          for (const { seq, payload } of records) expect(payload).toBe(hexOf(payloadOf(seq, 150)))
          expect(findingsOf(wal)).toEqual([])
          wal.append(payloadOf(0, 20))
          wal.close()
        }
      }
    })
  }
}

test.each(['sync', 'off the thread'])(
  'a segment that cannot be closed poisons the log and leaks no handle: %s',
  async (how) => {
    const vfs = new SimulatedVfs()
    const open = vfs.open.bind(vfs)
    let openCount = 0
    let isFailing = false
    vfs.open = (path, mode) => {
      const file = open(path, mode)
      const close = file.close.bind(file)
      let isOpen = true
      openCount++
      file.close = () => {
        if (isOpen) openCount--
        isOpen = false
        close()
        if (isFailing && mode !== 'read' && path.endsWith('1.wal')) throw new LdbError('LDB_IO', 'no device')
      }
      return file
    }
    const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
    wal.append(payloadOf(1, 900), { seq: 1 })
    await wal.syncAsync()
    isFailing = true
    const attempt = async (): Promise<void> => {
      wal.append(payloadOf(2, 900), { seq: 2 })
      if (how === 'sync') wal.sync()
      else await wal.syncAsync()
    }
    // The records do not depend on the seal, which is written afterwards.
    await attempt()
    await new Promise((resolve) => setImmediate(resolve))
    await expectPoisoned(wal)
    wal.close()
    expect(openCount).toBe(0)
  },
)
