import type { Round } from '../model/round.js'
import type { Footprint } from '../model/results.js'
import type { Scenario } from '../model/scenario.js'

/** What the conductor tells the process of a store. */
export type StoreRequest =
  | {
      readonly kind: 'initialize'
      readonly store: string
      readonly scenario: Scenario
      readonly dir: string
    }
  | { readonly kind: 'prepare'; readonly workloads: readonly string[] }
  | { readonly kind: 'round'; readonly workload: string; readonly budgetMs: number }
  | {
      readonly kind: 'profile'
      readonly profileKind: 'cpu' | 'heap'
      readonly workload: string
      readonly budgetMs: number
    }
  | { readonly kind: 'measure' }
  | { readonly kind: 'finish' }

/** What the process of a store says when it has its store open and loaded. */
export interface Prepared {
  /** Why a workload cannot be had of this store, by workload. */
  readonly unsupported: Readonly<Record<string, string>>
  readonly loadMs: number
}

/** What the process of a store answers to an order. */
export type StoreResponse =
  | { readonly kind: 'initialized' }
  | { readonly kind: 'prepared'; readonly prepared: Prepared }
  | { readonly kind: 'round'; readonly round: Round }
  | { readonly kind: 'profiled'; readonly round: Round; readonly profile: unknown }
  | { readonly kind: 'measured'; readonly footprint: Footprint }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly message: string }
