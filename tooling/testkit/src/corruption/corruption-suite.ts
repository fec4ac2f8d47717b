import { OverlayVfs } from '@ldb/vfs'
import type { MemoryVfs } from '@ldb/vfs'
import type { Suite, SuiteCounts } from '../suite/suite.js'
import { Violation } from '../base/violation.js'
import { runCorruptionCase } from './corruption-case.js'
import type { CaseOutcome } from './corruption-case.js'
import { imageVfs } from './directory-image.js'
import { GOLDEN_ENDINGS, makeGolden } from './golden.js'
import type { Golden, GoldenEnding, GoldenKind } from './golden.js'
import { Liveness } from './liveness.js'
import { leastSeqAfterDamage } from './log-layout.js'
import { Mutations } from './mutation.js'
import type { Mutation } from './mutation.js'

/** Number of mutations in one case of the suite. */
export const MUTATIONS_PER_CASE = 256
/** Of each group of this size, one mutation is structured, one truncates a file, and the others change a byte. */
const GROUP = 8

/** A golden database, prepared for repeated damage. */
export class CorruptionBench {
  readonly golden: Golden
  readonly mutations: Mutations
  readonly #base: MemoryVfs
  /** Of other databases than plain ones with trees, the sweep of single units knows the live bytes. */
  readonly #liveness: Liveness | undefined
  /** Path of the newest segment of the log. */
  readonly #segment: string

  constructor(seed: number, ending: GoldenEnding, kind: GoldenKind = 'plain') {
    this.golden = makeGolden(seed, ending, kind)
    this.mutations = new Mutations(this.golden)
    this.#base = imageVfs(this.golden.image)
    this.#liveness = kind === 'plain' ? new Liveness(this.golden) : undefined
    this.#segment =
      [...this.golden.image.files.keys()]
        .filter((path) => path.endsWith('.wal'))
        .sort()
        .at(-1) ?? ''
  }

  /** Yields the mutations of a block. Consecutive blocks enumerate all mutations. */
  *block(number: number): Generator<Mutation> {
    const { mutations } = this
    const groups = MUTATIONS_PER_CASE / GROUP
    for (let index = 0; index < MUTATIONS_PER_CASE; index++) {
      const group = number * groups + Math.floor(index / GROUP)
      const within = index % GROUP
      if (within === 0) yield mutations.structuredAt(group)
      else if (within === 1) yield mutations.cut(group)
      else {
        const flip = mutations.flip(group * (GROUP - 2) + within - 2)
        if (flip !== undefined) yield flip
      }
    }
  }

  /** Damages the database, runs a corruption case on it, and restores it. */
  run(mutation: Mutation, isReadOnly: boolean, isThorough = true): CaseOutcome {
    const mustReport = mutation.isFlip && this.#liveness?.isLive(mutation.path, mutation.start) === true
    mutation.apply(this.#base)
    try {
      const rules = {
        golden: this.golden,
        leastSeq: this.#leastSeq(mutation),
        mustReport,
        isReadOnly,
        isThorough,
      }
      return runCorruptionCase(new OverlayVfs(this.#base), rules)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const mode = isReadOnly ? 'read-only' : 'for writing'
      throw new Violation(
        `${this.golden.kind}, ${this.golden.ending}, opened ${mode}: ${mutation.path}: ${mutation.name}: ${reason}`,
        { cause: error },
      )
    } finally {
      mutation.undo(this.#base)
    }
  }

  #leastSeq(mutation: Mutation): number {
    const { golden } = this
    if (golden.ending !== 'open' || mutation.path !== this.#segment) return golden.lastSeq
    const bytes = golden.image.files.get(mutation.path) ?? new Uint8Array()
    return leastSeqAfterDamage(bytes, mutation.start, mutation.end, 0)
  }
}

const GOLDEN_COUNT = 4
const benches = new Map<string, CorruptionBench>()

function benchOf(ending: GoldenEnding, variant: number, kind: GoldenKind): CorruptionBench {
  const name = `${kind} ${ending} ${variant}`
  const bench = benches.get(name) ?? new CorruptionBench(variant + 1, ending, kind)
  benches.set(name, bench)
  return bench
}

/** Returns a suite over golden databases that were left in some states. */
export function corruptionSuite(
  name: string,
  endings: readonly GoldenEnding[],
  kind: GoldenKind = 'plain',
): Suite {
  return {
    name,
    runCase: (seed) => Promise.resolve().then(() => runBlock(endings, seed, kind)),
  }
}

/** Applies every mutation to golden databases. */
export const fullCorruptionSuite: Suite = corruptionSuite('corruption', GOLDEN_ENDINGS)

function runBlock(endings: readonly GoldenEnding[], seed: number, kind: GoldenKind): SuiteCounts {
  const ending = endings[seed % endings.length] as GoldenEnding
  const turn = Math.floor(seed / endings.length)
  const bench = benchOf(ending, turn % GOLDEN_COUNT, kind)
  const counts = { corruptionCases: 0, refused: 0, reported: 0, unharmed: 0, shortened: 0 }
  let index = 0
  for (const mutation of bench.block(Math.floor(turn / GOLDEN_COUNT))) {
    const { answer, lostCount } = bench.run(mutation, (index + turn) % 2 === 0, index % 8 < 2)
    index++
    counts.corruptionCases++
    counts[answer]++
    if (lostCount > 0) counts.shortened++
  }
  return counts
}
