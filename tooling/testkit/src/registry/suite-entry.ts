import type { Suite } from '../suite/suite.js'

/** A suite of the registry, loaded on demand. */
export interface SuiteEntry {
  readonly name: string
  /** Name by which suites are selected together. */
  readonly group: string
  /** The suite enables V8's coverage, which slows all code of the thread: it needs a thread of its own. */
  readonly isInstrumented: boolean
  load(): Promise<Suite>
}

/** Returns the entry of a suite. @throws RangeError for an unknown name. */
export function findSuite(suites: readonly SuiteEntry[], name: string): SuiteEntry {
  const found = suites.find((each) => each.name === name)
  if (found === undefined) throw new RangeError(`unknown suite ${name}`)
  return found
}
