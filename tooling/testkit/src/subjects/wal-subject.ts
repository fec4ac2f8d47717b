import { BATCH_ROOM_BEFORE, BATCH_ROOM_BEHIND, corruption, isLdbError } from '@ldb/base'
import { Wal } from '@ldb/wal'
import type { WalOptions } from '@ldb/wal'
import type { Vfs } from '@ldb/vfs'
import type { History } from '../history/history.js'
import { COMMON_RULES, namesBeforeSync, neverRewrites } from '../trace/order-rules.js'
import type { OrderRule } from '../trace/order-rules.js'
import { attemptCommit } from './subject.js'
import type { Subject, SubjectRun, SubjectSession } from './subject.js'
import { bytesOf, textOf } from '../byte-text.js'
import { swarmOptions, swarmWeights } from '../history/swarm.js'
import type { TestRandom } from '../test-random.js'
import { promised } from '../violation.js'

const DIRECTORY = 'log'
/** Where records begin in a segment; before it are the header and the seal, which is written late. */
const RECORDS_FILE_OFFSET = 8192
const STEPS = { append: 8, flush: 2, sync: 4, syncAsync: 2, rotate: 1, cut: 1, reopen: 1, abandon: 1 }

export const isSegment = (path: string): boolean => path.endsWith('.wal')

/** Rules that the log keeps in whatever directory it is. */
export const LOG_RULES: readonly OrderRule[] = [
  neverRewrites(isSegment, RECORDS_FILE_OFFSET),
  namesBeforeSync(isSegment),
]

/** The write-ahead log alone: a commit is a record, durable when `sync` returns. @category Subjects */
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
  /** A call has failed: what was not durable before will not be. */
  #hasFailed = false
  /** Memory that the log was lent, until everything is flushed. */
  #lent: Uint8Array[] = []

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
        this.#handOver(history, () => {
          wal.flush()
        })
        history.acknowledgeHandedOver(history.submitted)
        return
      case 'sync':
        this.#handOver(history, () => {
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
      case 'cut':
        this.#cut(random, history)
        return
      case 'reopen':
        this.close(true)
        // A log that has failed is not closed cleanly.
        if (!history.inDoubt && !this.#hasFailed) history.acknowledgeDurable(history.submitted)
        this.#openAgain(history)
        return
      case 'abandon':
        this.close(false)
        this.#openAgain(history)
        return
    }
  }

  observe(history: History, least: number): number {
    const wal = this.#wal
    let last = Number(wal.cutSeq)
    // The log cannot tell segments that were cut off from segments that the disk has lost: its user can.
    if (last > history.floor) throw corruption(DIRECTORY, 0, `records up to ${last} are gone`)
    const reader = wal.read(wal.firstLsn)
    try {
      while (reader.next()) {
        const { seq, payload } = reader
        promised(seq === last + 1, () => `record ${seq} follows record ${last}`)
        promised(seq <= history.submitted, () => `record ${seq} was never written`)
        const [change] = history.changesOf(seq)
        const isSame = change?.kind === 'put' && change.value === textOf(payload)
        promised(isSame, () => `record ${seq} is not the one that was written last`)
        last = seq
      }
    } finally {
      reader.close()
    }
    promised(last <= history.most, () => `record ${last} was reported as not written, and is there`)
    promised(last >= least, () => `records are lost: found those up to ${last}, ${least} was acknowledged`)
    promised(wal.seqFloor >= wal.lastSeq, () => 'the floor of seqs is below the newest')
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

  #openAgain(history: History): void {
    this.#wal = this.#run.openLog(this.#vfs, history)
    this.#hasFailed = false
    history.goOnFrom(
      this.observe(history, history.isTrusted ? Math.max(history.durable, history.handedOver) : 0),
    )
    this.isOpen = true
  }

  #append(random: TestRandom, history: History): void {
    const payload = random.bytes(random.below(this.#run.payloadBytesMax + 1))
    const value = textOf(payload)
    attemptCommit(history, [{ kind: 'put', space: 'log', key: '', value }], () => {
      const bytes = bytesOf(value)
      const isBorrowed = bytes.length % 2 === 1
      const given = isBorrowed ? this.#lend(bytes) : bytes
      this.#wal.append(given, { seq: history.submitted, type: random.below(4), isBorrowed })
    })
  }

  #lend(bytes: Uint8Array): Uint8Array {
    const memory = new Uint8Array(BATCH_ROOM_BEFORE + bytes.length + BATCH_ROOM_BEHIND)
    memory.set(bytes, BATCH_ROOM_BEFORE)
    this.#lent.push(memory)
    return memory.subarray(BATCH_ROOM_BEFORE, BATCH_ROOM_BEFORE + bytes.length)
  }

  /** Everything is flushed: what was lent is used for something else. */
  #takeBack(): void {
    for (const memory of this.#lent) memory.fill(0xee)
    this.#lent = []
  }

  /** After a failure nothing may be taken; and what was reported as in no file must not come back. */
  #handOver(history: History, action: () => void): void {
    try {
      action()
      this.#takeBack()
    } catch (error) {
      if (isLdbError(error, 'LDB_POISONED')) throw error
      history.inDoubt = true
      const isInNoFile = isLdbError(error, 'LDB_IO') || isLdbError(error, 'LDB_NO_SPACE')
      if (isInNoFile && history.isTrusted) history.most = this.#lastHandedOver()
      throw error
    }
  }

  /** Seq of the newest record that can be read; without any bound where reading fails. */
  #lastHandedOver(): number {
    const reader = this.#wal.read(this.#wal.firstLsn)
    try {
      let last = Number(this.#wal.cutSeq)
      while (reader.next()) last = reader.seq
      return last
    } catch (error) {
      if (!isLdbError(error)) throw error
      return Infinity
    } finally {
      reader.close()
    }
  }

  /** Several wait for their records at once, while more are appended. */
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
    this.#takeBack()
  }

  #cut(random: TestRandom, history: History): void {
    const wal = this.#wal
    const reader = wal.read(wal.firstLsn)
    const places: { lsn: number; seq: number }[] = []
    while (reader.next()) places.push({ lsn: reader.lsn, seq: reader.seq })
    reader.close()
    if (places.length === 0) return
    const place = random.pick(places)
    history.floor = Math.max(history.floor, place.seq - 1)
    wal.truncateBefore(place.lsn)
  }
}
