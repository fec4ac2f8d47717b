import { BUILT_IN_ENGINES } from '../engine/engine-registry.js'
import type { EngineTable } from '../engine/engine-registry.js'

/** Settings for tests, which are not options of the database. */
export interface DatabaseTuning {
  /** Default of the option `pageBytes`; may be as small as 512. */
  readonly pageBytes: number
  /** Log length in bytes that triggers an automatic checkpoint; `undefined` to follow the stores. */
  readonly checkpointLogBytes: number | undefined
  /** Segment size of the log, in bytes. */
  readonly segmentBytes: number
  /** Bytes that the log fills with zeros ahead of its end. */
  readonly preallocateBytes: number
  /** Greatest number of bytes of commits that replay gathers before it applies them. */
  readonly replayBytes: number
  /** Bytes of the smallest database that reserves space. */
  readonly reservingBytes: number
  /** After a clean close, an open opens all stores if they are no more than this. */
  readonly openedStoresMax: number
  /** Log length in bytes up to which a close makes no checkpoint. */
  readonly closeLogBytes: number
  /** Length of a blob file from which the next value goes to a new one. */
  readonly blobFileBytes: number
  /** Whether the page cache has an adaptive hash index. */
  readonly usesHashIndex: boolean
  /** Size of the arenas of a page cache that one does not hold, a power of two in bytes; `undefined` for the standard one. */
  readonly arenaBytes: number | undefined
  /** Engines by name. A test may replace one. */
  readonly engines: EngineTable
}

export const STANDARD_TUNING: DatabaseTuning = Object.freeze({
  pageBytes: 8192,
  checkpointLogBytes: undefined,
  segmentBytes: 67_108_864,
  preallocateBytes: 4_194_304,
  replayBytes: 402_653_184,
  reservingBytes: 262_144,
  openedStoresMax: 8,
  closeLogBytes: 16_384,
  blobFileBytes: 67_108_864,
  usesHashIndex: true,
  arenaBytes: undefined,
  engines: BUILT_IN_ENGINES,
})

/**
 * Key of a tuning in options. It is a symbol, which the check for unknown options ignores, so that tests of other packages can
 * pass a tuning.
 */
const TUNING = Symbol.for('ldb.tuning')

/** Returns the tuning that options have as an own property; empty without one. */
export function tuningOf(options: object | undefined): Partial<DatabaseTuning> {
  if (options === undefined || options === null) return {}
  try {
    if (!Object.hasOwn(options, TUNING)) return {}
    return (options as { readonly [TUNING]: Partial<DatabaseTuning> })[TUNING]
  } catch {
    // A proxy whose traps throw. The check of the options reports it.
    return {}
  }
}
