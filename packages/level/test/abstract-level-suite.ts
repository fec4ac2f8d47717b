// Runs the suite of abstract-level, and returns what its assertions reported. The suite is written for tape, of which it uses ten methods;
// with tape itself, half of the time would go into its comparisons.
import { createRequire } from 'node:module'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { AbstractLevel } from 'abstract-level'

const require = createRequire(import.meta.url)

/** Numbers of tests and assertions, and the messages of the assertions that failed. */
export interface SuiteReport {
  readonly testCount: number
  readonly assertionCount: number
  readonly failures: readonly string[]
}

type Body = (t: Assertions) => unknown

/** Runs the whole suite: on the database itself, and on a sublevel of it. */
export async function runSuite(factory: (options?: object) => AbstractLevel<unknown>): Promise<SuiteReport> {
  const suite = require('abstract-level/test') as (options: object) => void
  const tests: { readonly name: string; readonly body: Body }[] = []
  suite({ test: (name: string, body: Body) => tests.push({ name, body }), factory })
  const failures: string[] = []
  let assertionCount = 0
  for (const { name, body } of tests) {
    const assertions = new Assertions()
    await assertions.run(body)
    assertionCount += assertions.count
    failures.push(...assertions.failures.map((failure) => `${name}: ${failure}`))
  }
  return { testCount: tests.length, assertionCount, failures }
}

/** The assertions of one test, with the names of tape. */
class Assertions {
  readonly failures: string[] = []
  count = 0
  #planned: number | undefined = undefined
  #isOver = false
  #resolve: () => void = () => undefined
  readonly #ended = new Promise<void>((resolve) => {
    this.#resolve = resolve
  })

  /** Runs a test to its end: that of its promise; or, without one, `end()` or its last planned assertion. */
  async run(body: Body): Promise<void> {
    try {
      const result = body(this)
      await (result instanceof Promise ? result : this.#ended)
    } catch (error) {
      this.failures.push(`threw ${inspect(error)}`)
    }
    this.#isOver = true
    if (this.#planned !== undefined && this.#planned !== this.count)
      this.failures.push(`${this.count} assertions of ${this.#planned}`)
  }

  plan(count: number): void {
    this.#planned = count
  }

  end(): void {
    this.#resolve()
  }

  ok(value: unknown, message = 'is true'): void {
    this.#assert(Boolean(value), `${message}: ${inspect(value)}`)
  }

  is(actual: unknown, expected: unknown, message = 'is'): void {
    this.#assert(Object.is(actual, expected), `${message}: ${inspect(actual)}, not ${inspect(expected)}`)
  }

  isNot(actual: unknown, expected: unknown, message = 'is not'): void {
    this.#assert(!Object.is(actual, expected), `${message}: ${inspect(actual)}`)
  }

  same(actual: unknown, expected: unknown, message = 'same'): void {
    this.#assert(
      isDeepStrictEqual(actual, expected),
      `${message}: ${inspect(actual)}, not ${inspect(expected)}`,
    )
  }

  pass(): void {
    this.#assert(true, '')
  }

  fail(message: unknown): void {
    this.#assert(false, String(message))
  }

  throws(action: () => unknown, isExpected: (error: unknown) => boolean): void {
    let isThrown = false
    try {
      action()
    } catch (error) {
      isThrown = isExpected(error)
    }
    this.#assert(isThrown, 'throws')
  }

  doesNotThrow(action: () => unknown): void {
    let thrown: unknown
    try {
      action()
    } catch (error) {
      thrown = error
    }
    this.#assert(thrown === undefined, `does not throw: ${inspect(thrown)}`)
  }

  #assert(holds: boolean, message: string): void {
    this.count++
    if (this.#isOver) this.failures.push('an assertion after the end')
    if (!holds) this.failures.push(message)
    if (this.count === this.#planned) this.#resolve()
  }
}
