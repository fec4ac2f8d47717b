import type { Screen } from './screen.js'

/** One promise, and whether it held. */
export interface Check {
  /** Stable name, for machines. */
  readonly name: string
  readonly held: boolean
  /** What was found. */
  readonly detail: string
}

/** Everything that was checked: the demo fails when one did not hold. */
export class Checks {
  readonly #screen: Screen
  readonly #checks: Check[] = []

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** What was checked so far. */
  get all(): readonly Check[] {
    return this.#checks
  }

  /** Those that did not hold. */
  get failed(): readonly Check[] {
    return this.#checks.filter(({ held }) => !held)
  }

  /** Notes and shows one. */
  expect(name: string, held: boolean, detail: string): void {
    this.#checks.push({ name, held, detail })
    this.#screen.checkResult(held, detail)
  }
}
