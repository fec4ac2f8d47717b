// The part of vitest that the suites of the engines use, for an engine that has only the language.
import { equals, matches, show } from './equality.js'

/** @type {{ name: string, run: (context: object) => unknown, hooks: { before: (() => unknown)[], after: (() => unknown)[] } }[]} */
const tests = []
const names = []
let hooks = { before: [], after: [] }

const runFactory = (factory, parts) => {
  const outer = hooks
  hooks = { before: [...outer.before], after: [...outer.after] }
  names.push(parts)
  factory()
  names.pop()
  hooks = outer
}

const rowOf = (row) => (Array.isArray(row) ? row : [row])
const titleOf = (title, row) =>
  rowOf(row).reduce(
    (text, value) => text.replace(/%[sdifjo]|\$\w+/, () => (typeof value === 'string' ? value : show(value))),
    String(title),
  )
const bodyOf = (a, b) => (typeof a === 'function' ? a : b)

export const describe = (name, a, b) => {
  runFactory(bodyOf(a, b), String(name))
}
describe.each = (rows) => (title, a, b) => {
  for (const row of rows) describe(titleOf(title, row), () => bodyOf(a, b)(...rowOf(row)))
}
describe.skipIf = (condition) => (condition ? () => {} : describe)
describe.runIf = (condition) => (condition ? describe : () => {})

export const test = (name, a, b) => {
  // Hooks that are added later in the same group apply as well.
  tests.push({ name: [...names, String(name)].join(' > '), run: bodyOf(a, b), hooks })
}
test.each = (rows) => (title, a, b) => {
  for (const row of rows) test(titleOf(title, row), () => bodyOf(a, b)(...rowOf(row)))
}
test.skipIf = (condition) => (condition ? () => {} : test)
test.runIf = (condition) => (condition ? test : () => {})
export const it = test

export const beforeEach = (run) => void hooks.before.push(run)
export const afterEach = (run) => void hooks.after.push(run)
const once = (run) => {
  let result
  return () => (result ??= { value: run() }).value
}
export const beforeAll = (run) => void hooks.before.push(once(run))
/** What ends with the process needs no hook. */
export const afterAll = () => undefined
export const vi = {}

function thrownBy(run) {
  try {
    run()
    return undefined
  } catch (error) {
    return { error }
  }
}

function isExpectedError(error, expected) {
  if (expected === undefined) return true
  if (typeof expected === 'string') return String(error?.message).includes(expected)
  if (expected instanceof RegExp) return expected.test(error?.message)
  if (typeof expected === 'function') return error instanceof expected
  return matches(error, expected)
}

/** Matchers: each returns whether the value is as expected. */
const MATCHERS = {
  toBe: (value, expected) => Object.is(value, expected),
  toEqual: (value, expected) => equals(value, expected),
  toStrictEqual: (value, expected) => equals(value, expected),
  toMatchObject: (value, expected) => matches(value, expected),
  toBeGreaterThan: (value, expected) => value > expected,
  toBeGreaterThanOrEqual: (value, expected) => value >= expected,
  toBeLessThan: (value, expected) => value < expected,
  toBeLessThanOrEqual: (value, expected) => value <= expected,
  toBeCloseTo: (value, expected, digits = 2) => Math.abs(value - expected) < 10 ** -digits / 2,
  toContain: (value, expected) =>
    typeof value === 'string' ? value.includes(expected) : [...value].includes(expected),
  toContainEqual: (value, expected) => [...value].some((each) => equals(each, expected)),
  toHaveLength: (value, expected) => value.length === expected,
  toHaveProperty: (value, name) => name in value,
  toBeUndefined: (value) => value === undefined,
  toBeDefined: (value) => value !== undefined,
  toBeNull: (value) => value === null,
  toBeNaN: (value) => Number.isNaN(value),
  toBeTruthy: (value) => Boolean(value),
  toBeFalsy: (value) => !value,
  toBeTypeOf: (value, expected) => typeof value === expected,
  toBeInstanceOf: (value, expected) => value instanceof expected,
  toMatch: (value, expected) =>
    typeof expected === 'string' ? value.includes(expected) : expected.test(value),
  toSatisfy: (value, expected) => expected(value),
  toThrow: (value, expected) => {
    const thrown = typeof value === 'function' ? thrownBy(value) : { error: value }
    return thrown !== undefined && isExpectedError(thrown.error, expected)
  },
}
MATCHERS.toThrowError = MATCHERS.toThrow

function matchersOf(value, isNegated, message) {
  const entries = Object.entries(MATCHERS).map(([name, matcher]) => [
    name,
    (...expected) => {
      if (Boolean(matcher(value, ...expected)) !== isNegated) return
      const negation = isNegated ? 'not ' : ''
      throw new Error(
        `${message ?? ''} ${show(value)} is expected ${negation}${name} ${expected.map(show).join(', ')}`,
      )
    },
  ])
  return Object.fromEntries(entries)
}

/** Matchers of what a promise settles to. */
function settled(outcome, message) {
  const later = (isNegated) =>
    Object.fromEntries(
      Object.keys(MATCHERS).map((name) => [
        name,
        async (...expected) => matchersOf(await outcome(), isNegated, message)[name](...expected),
      ]),
    )
  return { ...later(false), not: later(true) }
}

async function rejection(value) {
  try {
    await (typeof value === 'function' ? value() : value)
  } catch (error) {
    return error
  }
  throw new Error('the promise did not reject')
}

export const expect = (value, message) => ({
  ...matchersOf(value, false, message),
  not: matchersOf(value, true, message),
  get rejects() {
    return settled(() => rejection(value), message)
  },
  get resolves() {
    return settled(async () => value, message)
  },
})

const asymmetric = (accepts) => ({ accepts })
expect.any = (type) =>
  asymmetric((value) => Object(value) instanceof type && (type !== Object || typeof value === 'object'))
expect.anything = () => asymmetric((value) => value !== undefined && value !== null)
expect.objectContaining = (expected) => asymmetric((value) => matches(value, expected))
expect.arrayContaining = (expected) =>
  asymmetric((value) => expected.every((each) => value.some((candidate) => equals(candidate, each))))
expect.stringContaining = (text) => asymmetric((value) => typeof value === 'string' && value.includes(text))
expect.stringMatching = (pattern) => asymmetric((value) => new RegExp(pattern).test(value))
expect.toSatisfy = (accepts) => asymmetric(accepts)
expect.fail = (message) => {
  throw new Error(message)
}
expect.unreachable = expect.fail

/** Globals of Node.js that tests use. Sources must not: the style test refuses them there. */
const NODE_GLOBALS =
  /'(AbortController|AbortSignal|URL|crypto|gc|setImmediate|structuredClone|WebAssembly|MessageChannel)' is not defined/

/** Returns the global of Node.js that a failed test has missed; `undefined` for another failure. */
function missingGlobal(error) {
  for (let at = error, depth = 0; at !== undefined && at !== null && depth < 5; at = at.cause, depth++) {
    const name = NODE_GLOBALS.exec(String(at.message ?? at))?.[1]
    if (name !== undefined) return name
  }
  return undefined
}

/** Runs the tests, and prints one line for each failure and one for all. */
export async function runTests() {
  const failures = []
  const skipped = []
  for (const { name, run, hooks: around } of tests) {
    const cleanups = []
    const context = { onTestFinished: (cleanup) => void cleanups.push(cleanup), expect }
    try {
      for (const hook of around.before) await hook(context)
      await run(context)
    } catch (error) {
      const missing = missingGlobal(error)
      if (missing === undefined) {
        failures.push(name)
        const { message = String(error), stack = '', cause } = Object(error)
        print(
          `failed ${name}: ${message}\n${stack}\ncause: ${cause?.message}\n${cause?.stack}`.slice(0, 2000),
        )
      } else skipped.push(`${name}: uses ${missing}`)
    }
    for (const hook of [...cleanups, ...around.after]) await hook(context)
  }
  print(`result ${JSON.stringify({ total: tests.length, failures, skipped, ms: Math.round(processorMs()) })}`)
  globalThis.hasPassed = failures.length === 0 && tests.length > 0
}
