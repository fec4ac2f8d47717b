import { BATCH_HEADROOM_BYTES, BATCH_TAILROOM_BYTES, corruption, isLdbError } from '@ldb/base'
import { Wal } from '@ldb/wal'
import type { WalOptions } from '@ldb/wal'
import type { Vfs } from '@ldb/vfs'
import type { History } from '../history/history.js'
import { COMMON_RULES, namesBeforeSync, neverRewrites } from '../trace/order-rules.js'
import type { OrderRule } from '../trace/order-rules.js'
import { attemptCommit } from '../suite/subject.js'
import type { Subject, SubjectRun, SubjectSession } from '../suite/subject.js'
import { bytesOf, textOf } from '../base/byte-text.js'
import { swarmOptions, swarmWeights } from '../history/swarm.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'

const DIRECTORY = 'log'
/**
 * File offset of the first record of a segment. The header and the seal precede it; the seal is written when the
 * segment ends.
 */
const RECORDS_FILE_OFFSET = 8192
const STEPS = { append: 8, flush: 2, sync: 4, syncAsync: 2, rotate: 1, truncate: 1, reopen: 1, abandon: 1 }

export const isSegment = (path: string): boolean => path.endsWith('.wal')

/** Order rules of the log, for any directory. */
export const LOG_RULES: readonly OrderRule[] = [
  neverRewrites(isSegment, RECORDS_FILE_OFFSET),
  namesBeforeSync(isSegment),
]

/**
 * The write-ahead log alone. A commit is a record; it is durable when `sync` returns.
 *
 * @category Subjects
 */
export const walSubject: Subject = {
  name: 'wal',
  newRun: (random) => new WalRun(random),
}

class WalRun implements SubjectRun {
  readonly settings: string
  readonly rules: readonly OrderRule[] = [...COMMON_RULES, ...LOG_RULES]
  readonly isLog = isSegment
  readonly options: WalOptions
  readonly weights: Record<keyof typeof STEPS, number>
  readonly payloadBytesMax: number

  constructor(random: TestRandom) {
    this.options = swarmOptions(random, {
      segmentBytes: [1024, 4096, 65_536],
      bufferBytes: [4096, 65_536],
      preallocateBytes: [0, 4096, 65_536],
    })
    this.weights = swarmWeights(random, STEPS)
    this.payloadBytesMax = random.pick([16, 200, 3000])
    this.settings = JSON.stringify({
      ...this.options,
      payloadBytesMax: this.payloadBytesMax,
      steps: this.weights,
    })
  }

  open(vfs: Vfs, history: History): SubjectSession {
    const wal = this.openLog(vfs, history)
    history.isCreated = true
    return new WalSession(this, vfs, wal)
  }

  openLog(vfs: Vfs, history: History): Wal {
    return Wal.open(vfs, DIRECTORY, { ...this.options, mustExist: history.isCreated })
  }
}

class WalSession implements SubjectSession {
  readonly #run: WalRun
  readonly #vfs: Vfs
  #wal: Wal
  isOpen = true
  /** True after a call has failed: records that were not durable then stay so. */
  #hasFailed = false
  /** Buffers that the log borrows until its records are flushed. */
  #borrowed: Uint8Array[] = []

  constructor(run: WalRun, vfs: Vfs, wal: Wal) {
    this.#run = run
    this.#vfs = vfs
    this.#wal = wal
  }

  async step(random: TestRandom, history: History): Promise<void> {
    try {
      await this.#step(random, history)
    } catch (error) {
      this.#hasFailed = true
      throw error
    }
  }

  async #step(random: TestRandom, history: History): Promise<void> {
    const wal = this.#wal
    switch (random.weighted(this.#run.weights)) {
      case 'append':
        for (let count = random.between(1, 4); count > 0; count--) this.#append(random, history)
        return
      case 'flush':
        this.#flushRecords(history, () => {
          wal.flush()
        })
        history.acknowledgeFlushed(history.submitted)
        return
      case 'sync':
        this.#flushRecords(history, () => {
          wal.sync()
        })
        history.acknowledgeDurable(history.submitted)
        return
      case 'syncAsync':
        await this.#syncAsync(random, history)
        return
      case 'rotate':
        wal.rotate()
        history.acknowledgeDurable(history.submitted)
        return
      case 'truncate':
        this.#truncate(random, history)
        return
      case 'reopen':
        this.close(true)
        // A failed log is not closed cleanly.
        if (!history.inDoubt && !this.#hasFailed) history.acknowledgeDurable(history.submitted)
        this.#reopen(history)
        return
      case 'abandon':
        this.close(false)
        this.#reopen(history)
        return
    }
  }

  observe(history: History, least: number): number {
    const wal = this.#wal
    let last = Number(wal.truncatedSeq)
    // The log cannot distinguish truncated segments from segments that the disk lost; its caller can.
    if (last > history.floor) throw corruption(DIRECTORY, 0, `records up to ${last} are missing`)
    const reader = wal.read(wal.firstLsn)
    try {
      while (reader.next()) {
        const { seq, payload } = reader
        assertGuarantee(seq === last + 1, () => `record ${seq} follows record ${last}`)
        assertGuarantee(seq <= history.submitted, () => `record ${seq} was never written`)
        const [change] = history.changesOf(seq)
        const isSame = change?.kind === 'put' && change.value === textOf(payload)
        assertGuarantee(isSame, () => `record ${seq} differs from the written one`)
        last = seq
      }
    } finally {
      reader.close()
    }
    assertGuarantee(
      last <= history.newestAllowed,
      () => `record ${last} was reported as not written but is present`,
    )
    assertGuarantee(
      last >= least,
      () => `records are lost: found those up to ${last}, ${least} was acknowledged`,
    )
    assertGuarantee(wal.seqFloor >= wal.lastSeq, () => 'the seq floor is below the newest seq')
    return last
  }

  verify(): string[] {
    const findings: string[] = []
    this.#wal.verify({
      finding: (finding) =>
        findings.push(`${finding.kind} ${finding.file} ${finding.offset}: ${finding.message}`),
      progress: () => undefined,
    })
    return findings
  }

  close(clean: boolean): void {
    this.isOpen = false
    this.#wal.close({ clean })
  }

  #reopen(history: History): void {
    this.#wal = this.#run.openLog(this.#vfs, history)
    this.#hasFailed = false
    history.resumeFrom(
      this.observe(history, history.isDiskReliable ? Math.max(history.durable, history.flushed) : 0),
    )
    this.isOpen = true
  }

  #append(random: TestRandom, history: History): void {
    const payload = random.bytes(random.below(this.#run.payloadBytesMax + 1))
    const value = textOf(payload)
    const append = (): void => {
      const bytes = bytesOf(value)
      const isBorrowed = bytes.length % 2 === 1
      const input = isBorrowed ? this.#borrow(bytes) : bytes
      this.#wal.append(input, { seq: history.submitted, type: random.below(4), isBorrowed })
    }
    const put = { kind: 'put', space: 'log', key: '', value } as const
    attemptCommit(history, [put], append, () => !this.#wal.isPoisoned)
  }

  #borrow(bytes: Uint8Array): Uint8Array {
    const memory = new Uint8Array(BATCH_HEADROOM_BYTES + bytes.length + BATCH_TAILROOM_BYTES)
    memory.set(bytes, BATCH_HEADROOM_BYTES)
    this.#borrowed.push(memory)
    return memory.subarray(BATCH_HEADROOM_BYTES, BATCH_HEADROOM_BYTES + bytes.length)
  }

  /** Overwrites the borrowed buffers after a flush, as a caller that reuses them does. */
  #overwriteBorrowed(): void {
    for (const memory of this.#borrowed) memory.fill(0xee)
    this.#borrowed = []
  }

  /**
   * Runs a flush or sync. A failed one ends all commits, and records that are reported as not written must not
   * reappear.
   */
  #flushRecords(history: History, action: () => void): void {
    try {
      action()
      this.#overwriteBorrowed()
    } catch (error) {
      if (isLdbError(error, 'LDB_POISONED')) throw error
      history.inDoubt = true
      const isInNoFile = isLdbError(error, 'LDB_IO') || isLdbError(error, 'LDB_NO_SPACE')
      if (isInNoFile && history.isDiskReliable) history.newestAllowed = this.#lastFlushed()
      throw error
    }
  }

  /** Returns the seq of the newest readable record, or `Infinity` when a read fails. */
  #lastFlushed(): number {
    const reader = this.#wal.read(this.#wal.firstLsn)
    try {
      let last = Number(this.#wal.truncatedSeq)
      while (reader.next()) last = reader.seq
      return last
    } catch (error) {
      if (!isLdbError(error)) throw error
      return Infinity
    } finally {
      reader.close()
    }
  }

  /** Calls several async syncs that wait at the same time while more records are appended. */
  async #syncAsync(random: TestRandom, history: History): Promise<void> {
    const waiting: Promise<void>[] = []
    for (let count = random.between(1, 3); count > 0; count--) {
      try {
        this.#append(random, history)
      } catch (error) {
        await Promise.allSettled(waiting)
        throw error
      }
      const covered = history.submitted
      waiting.push(
        this.#wal.syncAsync().then(() => {
          history.acknowledgeDurable(covered)
        }),
      )
      if (random.chance(0.5)) await Promise.resolve()
    }
    const results = await Promise.allSettled(waiting)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    this.#overwriteBorrowed()
  }

  #truncate(random: TestRandom, history: History): void {
    const wal = this.#wal
    const reader = wal.read(wal.firstLsn)
    const positions: { lsn: number; seq: number }[] = []
    while (reader.next()) positions.push({ lsn: reader.lsn, seq: reader.seq })
    reader.close()
    if (positions.length === 0) return
    const position = random.pick(positions)
    history.floor = Math.max(history.floor, position.seq - 1)
    wal.truncateBefore(position.lsn)
  }
}
