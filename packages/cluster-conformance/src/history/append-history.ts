/** A transaction of a list-append history: it reads whole lists, and appends unique numbers to some of them. */
export interface AppendTransaction {
  /** Logical times of its begin and of its acknowledged end. */
  readonly beganAt: number
  readonly endedAt: number
  /** `'unknown'`: no answer; it may have been applied. */
  readonly outcome: 'committed' | 'unknown'
  /** The lists that it read before its own appends, by key; an absent key is an empty list. */
  readonly reads: ReadonlyMap<string, readonly number[]>
  /** The number that it appended, by key. */
  readonly appends: ReadonlyMap<string, number>
}
