// Strategy: random operations on a log with small segments. Power is lost at a random file operation, during recovery too, up to
// three times in a row. Unsynced sectors and directory entries survive at random.
// Invariants: the recovered records are a prefix of the appended ones and contain every record acknowledged by a sync; repeated
// recoveries return the same records; `verify` reports no finding; the seq floor covers every recovered seq; only truncated
// records are missing at the start.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Wal } from '../src/index.js'
import { findingsOf, hexOf, payloadOf, recordsOf } from './log-content.js'
import { KEEP_ALL, KEEP_NONE, SimulatedVfs } from './simulated-vfs.js'
import type { CrashChoice } from './simulated-vfs.js'

const OPTIONS = { segmentBytes: 1024, bufferBytes: 4096, preallocateBytes: 2048 }

class PowerLoss extends Error {}

type Operation =
  | { kind: 'append'; byteCount: number }
  | { kind: 'flush' | 'sync' | 'syncAsync' | 'rotate' | 'reopen' | 'leave' | 'verify' }
  | { kind: 'truncate'; share: number }
  | { kind: 'crash'; within: number; nested: number[]; seed: number; keep: 'all' | 'none' | 'some' | 'most' }

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      byteCount: fc.oneof({ weight: 6, arbitrary: fc.nat(200) }, { weight: 1, arbitrary: fc.nat(6000) }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'flush' as const,
        'flush' as const,
        'sync' as const,
        'syncAsync' as const,
        'rotate' as const,
        'reopen' as const,
        'leave' as const,
        'verify' as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('truncate' as const),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('crash' as const),
      within: fc.nat(30),
      nested: fc.array(fc.nat(12), { maxLength: 3 }),
      seed: fc.nat(),
      keep: fc.constantFrom('all' as const, 'none' as const, 'some' as const, 'most' as const),
    }),
  },
)

function choiceOf(keep: 'all' | 'none' | 'some' | 'most', seed: number): CrashChoice {
  if (keep === 'all') return KEEP_ALL
  if (keep === 'none') return KEEP_NONE
  let state = seed | 0
  const share = keep === 'some' ? 0.5 : 0.95
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) / 2 ** 24 < share
  }
}

/** The log under test, its expected content, and an injected power loss. */
class Subject {
  readonly vfs: SimulatedVfs
  wal: Wal
  /** Payloads of all records that may exist, by seq − 1. */
  payloads: string[] = []
  lsns: number[] = []
  /** Number of records that must exist. */
  ackedCount = 0
  /** Number of records that may be truncated. */
  truncatedCount = 0
  operationCount = 0
  /** Power may be lost in the background: no later step runs then. */
  hasLostPower = false

  constructor(seed: number) {
    this.vfs = new SimulatedVfs(seed)
    this.wal = Wal.open(this.vfs, 'log', OPTIONS)
  }

  async run(step: Operation): Promise<void> {
    const { wal } = this
    if (this.hasLostPower) throw new PowerLoss()
    switch (step.kind) {
      case 'append': {
        const seq = this.payloads.length + 1
        const payload = new Uint8Array(step.byteCount + 40).subarray(32, 32 + step.byteCount)
        payload.set(payloadOf(seq, step.byteCount))
        this.payloads.push(hexOf(payload))
        this.lsns.push(wal.endLsn)
        expect(wal.append(payload, { seq, isBorrowed: seq % 2 === 0 })).toBe(this.lsns.at(-1))
        return
      }
      case 'flush':
        return wal.flush()
      case 'sync':
        wal.sync()
        this.ackedCount = this.payloads.length
        return
      case 'syncAsync':
        await wal.syncAsync()
        this.ackedCount = this.payloads.length
        return
      case 'rotate':
        return wal.rotate()
      case 'truncate': {
        const count = Math.floor(step.share * this.payloads.length)
        this.truncatedCount = Math.max(this.truncatedCount, count)
        return wal.truncateBefore(this.lsns[count] ?? wal.endLsn)
      }
      case 'reopen':
        wal.close()
        this.ackedCount = this.payloads.length
        this.wal = Wal.open(this.vfs, 'log', { ...OPTIONS, mustExist: true })
        expect(this.wal.openedClean).toBe(true)
        return this.check()
      case 'leave': {
        const flushedCount = this.lsns.filter((lsn) => lsn < wal.flushedLsn).length
        wal.close({ clean: false })
        this.wal = Wal.open(this.vfs, 'log', { ...OPTIONS, mustExist: true })
        this.ackedCount = flushedCount
        return this.check()
      }
      case 'verify':
        expect(findingsOf(wal)).toEqual([])
        return
      case 'crash':
        return
    }
  }

  /** Makes power fail after `within` further file operations. */
  arm(within: number): void {
    let left = within
    this.vfs.onOperation = () => {
      if (left-- > 0) return
      this.hasLostPower = true
      throw new PowerLoss()
    }
  }

  recover(crash: Operation & { kind: 'crash' }): void {
    const keep = choiceOf(crash.keep, crash.seed)
    this.vfs.crash(keep)
    for (const within of crash.nested) {
      try {
        this.arm(within)
        Wal.open(this.vfs, 'log', { ...OPTIONS, mustExist: true })
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error
      }
      this.vfs.crash(keep)
    }
    this.hasLostPower = false
    this.wal = Wal.open(this.vfs, 'log', { ...OPTIONS, mustExist: true })
    this.check()
  }

  /** Checks the content of the log and makes it the expected content from here on. */
  check(): void {
    const { wal } = this
    const records = recordsOf(wal)
    const first = records[0]?.seq ?? wal.lastSeq + 1
    expect(first - 1).toBeLessThanOrEqual(this.truncatedCount)
    expect(wal.lastSeq).toBeGreaterThanOrEqual(this.ackedCount)
    expect(wal.lastSeq).toBeLessThanOrEqual(this.payloads.length)
    expect(wal.seqFloor).toBeGreaterThanOrEqual(wal.lastSeq)
    expect(records.map((record) => record.seq)).toEqual(records.map((_, index) => first + index))
    expect(records.at(-1)?.seq ?? wal.lastSeq).toBe(wal.lastSeq)
    for (const { seq, payload, lsn } of records) {
      expect(payload).toBe(this.payloads[seq - 1])
      expect(lsn).toBe(this.lsns[seq - 1])
    }
    expect(wal.syncedLsn).toBe(wal.endLsn)
    expect(findingsOf(wal)).toEqual([])
    this.payloads.length = wal.lastSeq
    this.lsns.length = wal.lastSeq
    this.ackedCount = wal.lastSeq
  }
}

test('power loss leaves a prefix that contains every acknowledged record', { timeout: 300_000 }, async () => {
  let crashCount = 0
  await fc.assert(
    fc.asyncProperty(fc.array(operation, { maxLength: 40, size: 'max' }), fc.nat(), async (steps, seed) => {
      const subject = new Subject(seed)
      let crash: (Operation & { kind: 'crash' }) | undefined
      for (const step of steps) {
        if (step.kind === 'crash') {
          crash = step
          subject.arm(step.within)
          continue
        }
        try {
          await subject.run(step)
        } catch (error) {
          const cause = error instanceof Error && error.cause instanceof PowerLoss
          if (crash === undefined || !(error instanceof PowerLoss || cause)) throw error
          crashCount++
          subject.recover(crash)
          crash = undefined
        }
      }
      subject.vfs.crash(choiceOf('some', seed))
      subject.wal = Wal.open(subject.vfs, 'log', { ...OPTIONS, mustExist: true })
      subject.check()
    }),
    { numRuns: 400 },
  )
  expect(crashCount).toBeGreaterThan(100)
})
