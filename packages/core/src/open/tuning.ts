import { BUILT_IN_ENGINES } from '../engine/engine-registry.js'
import type { EngineTable } from '../engine/engine-registry.js'

/** Settings that tests turn and users do not. */
export interface DatabaseTuning {
  /** Bytes of a page of a new database where the option of that name is not given; here it may be as small as 512. */
  readonly pageBytes: number
  /** Bytes of commits in the log after which a checkpoint comes unasked; `undefined` where they follow the data. */
  readonly checkpointLogBytes: number | undefined
  /** Bytes of a segment of the log. */
  readonly segmentBytes: number
  /** Bytes that the log fills with zeros ahead. */
  readonly preallocateBytes: number
  /** Bytes of commits that recovery gathers, at most, before it applies them. */
  readonly replayBytes: number
  /** The page cache has an adaptive hash index over records. */
  readonly usesHashIndex: boolean
  /** Engines by name. A test may replace one by an engine of its own. */
  readonly engines: EngineTable
}

export const STANDARD_TUNING: DatabaseTuning = Object.freeze({
  pageBytes: 8192,
  checkpointLogBytes: undefined,
  segmentBytes: 67_108_864,
  preallocateBytes: 4_194_304,
  replayBytes: 402_653_184,
  usesHashIndex: true,
  engines: BUILT_IN_ENGINES,
})

/**
 * Key under which options may carry a tuning. It is a symbol, which no check of options looks at, so that tests of other
 * packages can turn what users cannot.
 */
const TUNING = Symbol.for('ldb.tuning')

/** Returns the tuning that options carry as a property of their own; none of it where they carry none. */
export function tuningOf(options: object | undefined): Partial<DatabaseTuning> {
  if (options === undefined || options === null || !Object.hasOwn(options, TUNING)) return {}
  return (options as { readonly [TUNING]: Partial<DatabaseTuning> })[TUNING]
}
