import type { Round } from '../model/round.js'
import type { Footprint } from '../model/results.js'
import type { Scenario } from '../model/scenario.js'

/** A request to the process of a store. */
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

/** The state of a store after it was opened and loaded. */
export interface Prepared {
  /** Why the store cannot run a workload, by workload. */
  readonly unsupported: Readonly<Record<string, string>>
  readonly loadMs: number
}

/** The response of a store's process to a request. */
export type StoreResponse =
  | { readonly kind: 'initialized' }
  | { readonly kind: 'prepared'; readonly prepared: Prepared }
  | { readonly kind: 'round'; readonly round: Round }
  | { readonly kind: 'profiled'; readonly round: Round; readonly profile: unknown }
  | { readonly kind: 'measured'; readonly footprint: Footprint }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly message: string }
