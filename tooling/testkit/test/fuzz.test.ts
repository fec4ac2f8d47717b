// Strategy: every decoder gets mutated valid inputs: changed bytes, integers and segments, with recomputed checksums. Inputs
// that reach new code are mutated further.
// Invariants: an input is decoded correctly or rejected with a documented error; no other error is thrown, nothing blocks, and
// allocations are proportional to the input.
import { CodeCoverage } from '../src/fuzz/code-coverage.js'
import { corruption, isLdbError, LdbError } from '@ldb/base'
import { describe, expect, it } from 'vitest'
import { imageVfs } from '../src/corruption/directory-image.js'
import { runCorruptionCase } from '../src/corruption/corruption-case.js'
import { GOLDEN_PATH, makeGolden } from '../src/corruption/golden.js'
import { treeLayout } from '../src/corruption/tree-layout.js'
import { corpusOf } from '../src/fuzz/corpus.js'
import { fuzz, tryInput } from '../src/fuzz/fuzz-loop.js'
import { fuzzSuite, FUZZ_TARGETS } from '../src/fuzz/fuzz-suite.js'
import type { FuzzTarget } from '../src/fuzz/targets/fuzz-target.js'
import { repairTree } from '../src/fuzz/repair/tree-repair.js'
import { formatCount, reportCounts } from './counted.js'
import { runSuite } from './run-suite.js'

/** Number of inputs for one case of each target. */
const INPUTS = FUZZ_TARGETS.reduce((sum, { inputsPerCase }) => sum + inputsPerCase, 0)

const plain: FuzzTarget = {
  name: 'canary',
  samples: () => [new Uint8Array([1, 2, 3, 4])],
  bytesMax: 16,
  codes: ['LDB_CORRUPTION'],
  inputsPerCase: 5_000,
  run: () => undefined,
}

function isOfAnotherFormat(target: FuzzTarget, input: Uint8Array): boolean {
  try {
    target.run(input)
  } catch (error) {
    return isLdbError(error, 'LDB_FORMAT')
  }
  return false
}

describe('every decoder', () => {
  it('accepts or rejects every input', async (context) => {
    const counts = await runSuite(fuzzSuite, 'fuzzInputs', INPUTS)
    expect(counts['fuzzInputs']).toBeGreaterThanOrEqual(INPUTS)
    reportCounts(
      context,
      `fuzz: ${formatCount(counts['fuzzInputs'])} inputs for ${FUZZ_TARGETS.length} decoders, 0 violations`,
    )
    for (const { name } of FUZZ_TARGETS) expect(counts[`fuzz-${name}`], name).toBeGreaterThan(0)
    expect(counts['acceptedInputs']).toBeGreaterThan(INPUTS / 100)
  }, 600_000)

  it.each(FUZZ_TARGETS)('has valid samples and a corpus: $name', (target) => {
    for (const sample of target.samples()) expect(tryInput(target, sample)).toBe(true)
    const corpus = corpusOf(target.name)
    expect(corpus.length).toBeGreaterThan(0)
    for (const input of corpus) tryInput(target, input)
  })

  it.each(FUZZ_TARGETS)('has a corpus of the present format: $name', (target) => {
    const corpus = corpusOf(target.name)
    // Inputs of an older format reach no code behind the check of the version.
    const refused = corpus.filter((input) => isOfAnotherFormat(target, input))
    expect(refused.length).toBeLessThan(corpus.length / 2)
  })

  it.each(FUZZ_TARGETS.filter(({ repair }) => repair !== undefined))(
    '$name: repairing a valid input changes nothing',
    (target) => {
      for (const sample of target.samples()) {
        const repaired = sample.slice()
        target.repair?.(repaired)
        expect(repaired).toEqual(sample)
      }
    },
  )
})

describe('the fuzzer', () => {
  it('reports errors without a code or with one that is not allowed', () => {
    const thrower = (error: Error): FuzzTarget => ({
      ...plain,
      run: (input) => {
        if (input[0] !== 1) throw error
      },
    })
    expect(() => fuzz(thrower(new RangeError('offset is out of bounds')), 1, 5_000)).toThrow('RangeError')
    expect(() => fuzz(thrower(new LdbError('LDB_INVARIANT', 'broken')), 1, 5_000)).toThrow('broken')
    expect(fuzz(thrower(corruption('file', 0, 'refused')), 1, 5_000).acceptedCount).toBeLessThan(5_000)
  })

  it('reports excessive allocations', () => {
    const hog: FuzzTarget = { ...plain, run: (input) => new Uint8Array(input[0] === 1 ? 0 : 2 ** 28) }
    expect(() => fuzz(hog, 1, 5_000)).toThrow('bytes were allocated')
  })

  it('observes which code was reached', () => {
    const [target] = FUZZ_TARGETS
    if (target === undefined) throw new Error('there is no target')
    const coverage = new CodeCoverage()
    tryInput(target, new Uint8Array([1]))
    const short = coverage.take()
    tryInput(target, new Uint8Array([0x80, 0x80, 0x01]))
    const long = [...coverage.take()]
    expect(long.filter((block) => !short.has(block))).not.toEqual([])
  })

  it('forges checksums that only the corruption sweep detects', () => {
    const golden = makeGolden(1, 'closed')
    const path = `${GOLDEN_PATH}/keyspaces/1/tree.ldb`
    const forged = golden.image.files.get(path)?.slice() ?? new Uint8Array()
    const leaf = treeLayout(forged).parts.find(({ kind }) => kind === 'leaf')
    if (leaf === undefined) throw new Error('the tree has no leaf')
    // The last byte of a page belongs to the value that was written first.
    forged[leaf.end - 1] = (forged[leaf.end - 1] ?? 0) ^ 1
    repairTree(forged)
    const image = { ...golden.image, files: new Map([...golden.image.files, [path, forged]]) }
    const rules = { golden, leastSeq: golden.lastSeq, mustReport: false, isReadOnly: true, isThorough: true }
    expect(() => runCorruptionCase(imageVfs(image), rules)).toThrow('another value')
  })
})
