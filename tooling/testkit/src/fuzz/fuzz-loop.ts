// Must be the first import: V8 counts only code that is loaded and compiled after it.
import { CodeCoverage } from './code-coverage.js'
import { getHeapStatistics } from 'node:v8'
import { isLdbError } from '@ldb/base'
import { TestRandom } from '../base/test-random.js'
import { Violation } from '../base/violation.js'
import { mutateBytes } from './byte-mutator.js'
import { corpusOf } from './corpus.js'
import type { FuzzTarget } from './targets/fuzz-target.js'

/** Reading the coverage takes longer than most inputs, so that many inputs share one reading. */
const INPUTS_PER_READING = 128
const ARRAY_BYTES_MAX = 64 * 2 ** 20
/** More than a thousand times what any input takes; a longer one counts as endless. */
const INPUT_MS_MAX = 10_000

/** Result of a fuzz loop. */
export interface FuzzResult {
  readonly inputCount: number
  /** Inputs that the target accepted as valid. */
  readonly acceptedCount: number
  /** Executed blocks of the code under test. */
  readonly blockCount: number
  /** Inputs that reached blocks that no earlier input had reached. */
  readonly corpus: readonly Uint8Array[]
}

/**
 * Runs a target on mutated inputs, and mutates those further that reach new code.
 *
 * @param seed - determines all inputs, as far as V8's coverage is deterministic.
 * @throws Violation with the input, in base64, when the target throws an error that it must not throw.
 */
export function fuzz(target: FuzzTarget, seed: number, inputCount: number): FuzzResult {
  return new FuzzLoop(target, seed, new CodeCoverage()).run(inputCount)
}

class FuzzLoop {
  readonly #target: FuzzTarget
  readonly #random: TestRandom
  readonly #coverage: CodeCoverage
  readonly #corpus: Uint8Array[]
  readonly #seen: Set<string> = new Set()
  #acceptedCount = 0

  constructor(target: FuzzTarget, seed: number, coverage: CodeCoverage) {
    this.#target = target
    this.#random = new TestRandom(seed)
    this.#coverage = coverage
    this.#corpus = [...target.samples(), ...corpusOf(target.name)]
  }

  run(inputCount: number): FuzzResult {
    for (const input of this.#corpus) this.#try(input)
    if (this.#acceptedCount === 0)
      throw new Violation(`${this.#target.name}: no sample is accepted, so that no code after it was reached`)
    for (const block of this.#coverage.take()) this.#seen.add(block)
    let done = 0
    while (done < inputCount) {
      const inputs = Array.from({ length: Math.min(INPUTS_PER_READING, inputCount - done) }, () =>
        this.#next(),
      )
      for (const input of inputs) this.#try(input)
      done += inputs.length
      this.#learn(inputs)
    }
    return {
      inputCount: done,
      acceptedCount: this.#acceptedCount,
      blockCount: this.#seen.size,
      corpus: this.#corpus,
    }
  }

  /** Checks whether inputs reached new blocks; if so, reruns them one by one to find out which did. */
  #learn(inputs: readonly Uint8Array[]): void {
    const fresh = new Set([...this.#coverage.take()].filter((block) => !this.#seen.has(block)))
    for (const block of fresh) this.#seen.add(block)
    for (const input of inputs) {
      if (fresh.size === 0) return
      this.#try(input)
      const before = fresh.size
      for (const block of this.#coverage.take()) fresh.delete(block)
      if (fresh.size < before) this.#corpus.push(input)
    }
  }

  #next(): Uint8Array {
    const random = this.#random
    const { bytesMax, mutate, repair } = this.#target
    const parent = random.pick(this.#corpus)
    let input: Uint8Array
    if (mutate !== undefined && random.chance(0.5)) {
      input = parent.slice()
      for (let count = random.between(1, 3); count > 0; count--) mutate(input, random)
    } else {
      input = mutateBytes(random, parent, this.#corpus, bytesMax)
    }
    if (repair !== undefined && random.chance(0.8)) repair(input)
    return input
  }

  #try(input: Uint8Array): void {
    if (tryInput(this.#target, input)) this.#acceptedCount++
  }
}

/**
 * Runs one input.
 *
 * @returns whether the target accepted it as valid.
 * @throws Violation, with the input, when the target neither accepts nor rejects it correctly.
 */
export function tryInput(target: FuzzTarget, input: Uint8Array): boolean {
  const { stackTraceLimit } = Error
  const startedAtMs = performance.now()
  const before = getHeapStatistics().external_memory
  let isAccepted = true
  try {
    Error.stackTraceLimit = 1
    target.run(input)
  } catch (error) {
    if (!isLdbError(error) || !target.codes.includes(error.code))
      throw violationOf(target, input, String(error), error)
    isAccepted = false
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
  const grown = getHeapStatistics().external_memory - before
  if (grown > ARRAY_BYTES_MAX) throw violationOf(target, input, `${grown} bytes were allocated`)
  const duration = performance.now() - startedAtMs
  if (duration > INPUT_MS_MAX) throw violationOf(target, input, `${duration} ms were spent`)
  return isAccepted
}

function violationOf(target: FuzzTarget, input: Uint8Array, reason: string, cause?: unknown): Violation {
  const text = Buffer.from(input).toString('base64')
  return new Violation(
    `${target.name}: ${reason}; the input in base64: ${text}`,
    cause === undefined ? {} : { cause },
  )
}
