import { Violation } from '../base/violation.js'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import type { ByteRange, SweepTarget, TargetFile } from './sweep-target.js'

/** What the cases of a sweep came to. */
export interface SweepCounts {
  /** Distinct damages, each of which was checked. */
  corruptionCases: number
  /** Changes of a live byte, every one of which was reported. */
  liveCases: number
  /** Of all cases, those for which the whole store was read again. */
  readCases: number
}

/** Bytes of each dead range that are changed, up to about twice as many. */
const DEAD_BYTES = 4
/** Cuts of a file, spread over its live bytes. */
const CUTS = 150
/** Of as many units as the thinning says, the exchanges of so many are tried. */
const UNITS_OF_THINNING = 2
/** Of so many single-byte cases, one reads the whole store, too. */
const READ_EVERY = 24

/**
 * Damages each file of a target in every way: each bit of each live byte, one other value of each live byte, some dead bytes, cuts, exchanged
 * units, units of other files. Each case is verified; some read the whole store.
 *
 * @param thinning - of all damages but those of dead bytes, about one of so many is tried; which ones, the seed says.
 * @throws Violation when damage is not reported, or when wrong data are read without an error.
 */
export function sweep(target: SweepTarget, seed: number, thinning: number): SweepCounts {
  const run = new Sweep(target, seededRandom(seed), thinning)
  const { stackTraceLimit } = Error
  // Nearly every case makes an error, and stack traces double their time.
  Error.stackTraceLimit = 0
  try {
    run.assertIntact('before the first case')
    for (const file of target.files) run.damage(file)
    run.assertIntact('after the last case')
    return run.counts
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

class Sweep {
  readonly counts: SweepCounts = { corruptionCases: 0, liveCases: 0, readCases: 0 }
  readonly #target: SweepTarget
  readonly #random: TestRandom
  readonly #thinning: number

  constructor(target: SweepTarget, random: TestRandom, thinning: number) {
    this.#target = target
    this.#random = random
    this.#thinning = thinning
  }

  assertIntact(when: string): void {
    if (this.#target.verify().length > 0 || this.#target.read())
      throw new Violation(`${this.#target.name}: damage is reported ${when}`)
  }

  damage(file: TargetFile): void {
    this.#flips(file)
    this.#otherValues(file)
    this.#deadBytes(file)
    this.#cuts(file)
    this.#exchanges(file)
    this.#foreignUnits(file)
  }

  /** Each bit of each live byte. */
  #flips(file: TargetFile): void {
    const step = file.flipStep * this.#thinning
    let number = this.#random.below(step)
    for (const { start, end } of alone(file)) {
      for (let at = start; at < end; at++) {
        for (let bit = 0; bit < 8; bit++) {
          if (number++ % step === 0) this.#byte(file, at, file.bytes[at]! ^ (1 << bit), true)
        }
      }
    }
    number = this.#random.below(this.#thinning)
    for (const group of file.groups) {
      for (let index = 0; index < longestOf(group); index++) {
        for (let bit = 0; bit < 8; bit++) {
          if (number++ % this.#thinning === 0) this.#together(file, group, index, () => 1 << bit)
        }
      }
    }
  }

  /** One other value of each live byte. It differs in two bits or more: no flip is tried twice. */
  #otherValues(file: TargetFile): void {
    const several = (): number => {
      let changed = 0
      while ((changed & (changed - 1)) === 0) changed = 1 + this.#random.below(255)
      return changed
    }
    const step = file.flipStep * this.#thinning
    let number = this.#random.below(step)
    for (const { start, end } of alone(file)) {
      for (let at = start; at < end; at++) {
        if (number++ % step === 0) this.#byte(file, at, file.bytes[at]! ^ several(), true)
      }
    }
    number = this.#random.below(this.#thinning)
    for (const group of file.groups) {
      for (let index = 0; index < longestOf(group); index++) {
        if (number++ % this.#thinning === 0) this.#together(file, group, index, several)
      }
    }
  }

  /** Changes the byte with an index in each unit of a group, in all of them at once: each one is a case, with a finding of its own. */
  #together(
    { path, bytes }: TargetFile,
    group: readonly ByteRange[],
    index: number,
    change: () => number,
  ): void {
    const damaged = group.filter(({ start, end }) => start + index < end)
    for (const { start } of damaged)
      this.#target.patch(path, Uint8Array.of(bytes[start + index]! ^ change()), start + index)
    try {
      const reported = this.#target.verify()
      for (const { start, end } of damaged) {
        const isFound = reported.some(({ file, offset }) => file === path && offset >= start && offset < end)
        if (!isFound)
          throw new Violation(`${this.#target.name}: ${path}: verify misses byte ${start + index}`)
      }
      this.counts.corruptionCases += damaged.length
      this.counts.liveCases += damaged.length
    } finally {
      for (const { start } of damaged)
        this.#target.patch(path, bytes.subarray(start + index, start + index + 1), start + index)
    }
  }

  #deadBytes(file: TargetFile): void {
    let start = 0
    for (const range of [...file.live, { start: file.bytes.length, end: Infinity }]) {
      const step = Math.max(1, Math.floor((range.start - start) / DEAD_BYTES))
      for (let at = start; at < range.start; at += step) {
        this.#byte(file, at, file.bytes[at]! ^ (1 << (at % 8)), false)
      }
      start = Math.max(start, range.end)
    }
  }

  #byte(file: TargetFile, at: number, value: number, isLive: boolean): void {
    const { path, bytes } = file
    this.#case(file, `byte ${at} from ${bytes[at]} to ${value}`, isLive, !isLive, () => {
      this.#target.patch(path, Uint8Array.of(value), at)
      return (): void => {
        this.#target.patch(path, bytes.subarray(at, at + 1), at)
      }
    })
  }

  #cuts(file: TargetFile): void {
    const { path, bytes, live, mustReportCuts } = file
    const end = live.reduce((most, range) => Math.max(most, range.end), 0)
    const step = Math.max(1, Math.floor((end * this.#thinning) / CUTS))
    for (let length = this.#random.below(step); length < bytes.length; length += step) {
      this.#case(file, `cut to ${length}`, mustReportCuts && length < end, true, () => {
        this.#target.truncate(path, length)
        return (): void => {
          this.#target.patch(path, bytes.subarray(length), length)
        }
      })
    }
  }

  /** Puts each unit in the place of others, and exchanges pairs of units of the same length. */
  #exchanges({ units, ...file }: TargetFile): void {
    for (const [index, from] of units.entries()) {
      if (!this.#isTried(index)) continue
      for (let near = 1; near <= 6; near++) {
        const to = units[(index + near) % units.length] as ByteRange
        if (to === from) continue
        const content = file.bytes.slice(from.start, Math.min(from.end, from.start + to.end - to.start))
        this.#replace({ ...file, units }, `the unit at ${from.start} copied`, to.start, content)
        if (from.end - from.start !== to.end - to.start || from.start > to.start) continue
        const [first, second] = [from, to].map(({ start, end }) => file.bytes.slice(start, end))
        if (first === undefined || second === undefined || Buffer.compare(first, second) === 0) continue
        this.#case({ ...file, units }, `units ${from.start} and ${to.start} exchanged`, true, true, () => {
          this.#target.patch(file.path, second, from.start)
          this.#target.patch(file.path, first, to.start)
          return (): void => {
            this.#target.patch(file.path, first, from.start)
            this.#target.patch(file.path, second, to.start)
          }
        })
      }
    }
  }

  /** Replaces each unit by the bytes at the same place of another file. */
  #foreignUnits(file: TargetFile): void {
    for (const other of file.foreign) {
      for (const [index, { start, end }] of file.units.entries()) {
        if (!this.#isTried(index)) continue
        this.#replace(file, 'a unit of another file', start, other.slice(start, end))
      }
    }
  }

  /** Reports whether the exchanges of a unit are tried. */
  #isTried(index: number): boolean {
    return (index + this.#random.seed) % this.#thinning < UNITS_OF_THINNING
  }

  #replace(file: TargetFile, name: string, start: number, content: Uint8Array): void {
    const before = file.bytes.slice(start, start + content.length)
    if (before.length < content.length || Buffer.compare(before, content) === 0) return
    this.#case(file, `${name} to ${start}`, true, true, () => {
      this.#target.patch(file.path, content, start)
      return (): void => {
        this.#target.patch(file.path, before, start)
      }
    })
  }

  /** @param apply - damages the file, and returns what undoes that. */
  #case(
    { path }: TargetFile,
    name: string,
    mustReport: boolean,
    isRead: boolean,
    apply: () => () => void,
  ): void {
    const undo = apply()
    const { counts } = this
    counts.corruptionCases++
    try {
      const isReported = this.#target.verify().length > 0
      if (mustReport) {
        counts.liveCases++
        if (!isReported) throw new Violation('verify finds nothing')
      }
      if (!isRead && counts.corruptionCases % READ_EVERY !== 0) return
      counts.readCases++
      if (this.#target.read() && !isReported) throw new Violation('verify finds nothing, and reads fail')
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Violation(`${this.#target.name}: ${path}: ${name}: ${reason}`, { cause: error })
    } finally {
      undo()
    }
  }
}

/** Returns the live ranges that are damaged one at a time. */
function alone({ live, groups }: TargetFile): readonly ByteRange[] {
  return live.filter(({ start }) => !groups.some((group) => group.some((unit) => unit.start === start)))
}

function longestOf(ranges: readonly ByteRange[]): number {
  return ranges.reduce((most, { start, end }) => Math.max(most, end - start), 0)
}
