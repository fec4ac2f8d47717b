/** How much to measure. */
export interface Effort {
  readonly name: 'tiny' | 'quick' | 'normal' | 'full'
  /** Entries of a loaded store. */
  readonly entryCount: number
  /** Entries that a fill writes. */
  readonly fillCount: number
  /** Numbers of puts that are called without awaiting each. */
  readonly unawaited: readonly number[]
  /** Store sizes of the growth stages, in entries. */
  readonly growth: readonly number[]
  readonly rounds: number
  readonly warmUps: number
  /** Approximate duration of a round, in milliseconds. */
  readonly budgetMs: number
  /** The clock that rates are computed from. Rows that wait for the device always use elapsed time. */
  readonly clock: 'wall' | 'cpu'
}

/** The efforts by name. */
export const EFFORTS: Readonly<Record<Effort['name'], Effort>> = {
  tiny: {
    name: 'tiny',
    entryCount: 2000,
    fillCount: 2000,
    unawaited: [1000],
    growth: [1000, 2000],
    rounds: 2,
    warmUps: 1,
    budgetMs: 2,
    clock: 'wall',
  },
  quick: {
    name: 'quick',
    entryCount: 100_000,
    fillCount: 20_000,
    unawaited: [100_000],
    growth: [10_000, 100_000],
    rounds: 5,
    warmUps: 3,
    budgetMs: 30,
    clock: 'wall',
  },
  normal: {
    name: 'normal',
    entryCount: 1_000_000,
    fillCount: 300_000,
    unawaited: [100_000, 1_000_000],
    growth: [10_000, 100_000, 1_000_000],
    rounds: 5,
    warmUps: 2,
    budgetMs: 200,
    clock: 'wall',
  },
  full: {
    name: 'full',
    entryCount: 1_000_000,
    fillCount: 1_000_000,
    unawaited: [100_000, 1_000_000],
    growth: [10_000, 100_000, 1_000_000, 10_000_000],
    rounds: 5,
    warmUps: 2,
    budgetMs: 300,
    clock: 'wall',
  },
}
