import type { LevelCodecs } from '../table/level-codecs.js'
import type { Table } from '../version/table.js'

/** Sizes that decide when and what to compact. */
export interface CompactionOptions {
  /** `'leveled'` unless set. */
  readonly policy?: 'leveled' | 'tiered'
  /** Tables in level 0 that start a compaction. */
  readonly level0Tables: number
  /** Bytes of the first level that level 0 is merged into. */
  readonly baseBytes: number
  /** A level may have this many times the bytes of the level above. */
  readonly levelRatio: number
  /** The codec of each level. */
  readonly codecs: Pick<LevelCodecs, 'idAt'>
}

/** What to merge. */
export interface CompactionPlan {
  /** Tables to merge, from any levels. */
  readonly inputs: readonly Table[]
  readonly outputLevel: number
  /** True when the only input may move to the output level as it is. */
  readonly isMove: boolean
}
