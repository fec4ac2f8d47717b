import type { Screen } from './screen.js'

/** The result of one check. */
export interface Check {
  /** Stable name, for programs. */
  readonly name: string
  readonly passed: boolean
  /** What was found, for people. */
  readonly detail: string
}

/** The results of all checks. The demo fails when one failed. */
export class Checks {
  readonly #screen: Screen
  readonly #checks: Check[] = []

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** All results so far. */
  get all(): readonly Check[] {
    return this.#checks
  }

  /** The failed checks. */
  get failed(): readonly Check[] {
    return this.#checks.filter(({ passed }) => !passed)
  }

  /** Records and prints a result. */
  expect(name: string, passed: boolean, detail: string): void {
    this.#checks.push({ name, passed, detail })
    this.#screen.checkResult(passed, detail)
  }
}
