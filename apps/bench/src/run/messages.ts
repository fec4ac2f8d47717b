import type { Round } from './round.js'
import type { Scenario } from './scenario.js'

/** What the conductor tells the process of a store. */
export type Order =
  | {
      readonly kind: 'arrive'
      readonly store: string
      readonly scenario: Scenario
      readonly dir: string
    }
  | { readonly kind: 'prepare'; readonly workloads: readonly string[] }
  | { readonly kind: 'round'; readonly workload: string; readonly budgetMs: number }
  | {
      readonly kind: 'profile'
      readonly of: 'cpu' | 'heap'
      readonly workload: string
      readonly budgetMs: number
    }
  | { readonly kind: 'measure' }
  | { readonly kind: 'finish' }

/** What the process of a store says when it has its store open and loaded. */
export interface Prepared {
  /** Why a workload cannot be had of this store, by workload. */
  readonly lacks: Readonly<Record<string, string>>
  readonly loadMs: number
}

/** What a store takes up. */
export interface Footprint {
  /** Resident memory of the process, over what it had before the store was opened. */
  readonly rssBytes: number
  /** Blocks of all its files. */
  readonly diskBytes: number
}

/** What the process of a store answers to an order. */
export type Answer =
  | { readonly kind: 'arrived' }
  | { readonly kind: 'prepared'; readonly prepared: Prepared }
  | { readonly kind: 'round'; readonly round: Round }
  | { readonly kind: 'profiled'; readonly round: Round; readonly profile: unknown }
  | { readonly kind: 'measured'; readonly footprint: Footprint }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly message: string }
