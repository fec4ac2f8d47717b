/** How much to measure. */
export interface Effort {
  readonly name: 'tiny' | 'quick' | 'normal' | 'full'
  /** Entries of a store that is loaded. */
  readonly entryCount: number
  /** Entries that a fill writes. */
  readonly fillCount: number
  /** Entries of the stores whose costs are compared with each other. */
  readonly growth: readonly number[]
  readonly rounds: number
  readonly warmUps: number
  /** What a round takes, about. */
  readonly budgetMs: number
  /** What rates are taken from; what waits for a device is always taken from the wall's. */
  readonly clock: 'wall' | 'cpu'
}

/** The efforts that can be asked for. */
export const EFFORTS: Readonly<Record<Effort['name'], Effort>> = {
  tiny: {
    name: 'tiny',
    entryCount: 2000,
    fillCount: 2000,
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
    growth: [10_000, 100_000, 1_000_000, 10_000_000],
    rounds: 5,
    warmUps: 2,
    budgetMs: 300,
    clock: 'wall',
  },
}
