import type { ConformanceOptions } from '../conformance-case.js'
import type { TestBed } from '../bed/test-bed.js'

/** Options with every default filled in. */
export type ResolvedConformanceOptions = { readonly [Name in keyof Required<ConformanceOptions>]: number }

/** A case before it is bound to a driver. */
export interface NamedCase {
  readonly name: string
  /** The case needs `watch`. */
  readonly needsWatch?: true
  readonly run: (bed: TestBed, options: ResolvedConformanceOptions) => Promise<void>
}
