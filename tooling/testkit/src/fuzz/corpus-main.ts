// Looks for inputs that reach new code, and keeps the fewest that reach all of it together.
// Arguments: rounds (each tries as many inputs as a case), the first seed.
import { CodeCoverage } from './code-coverage.js'
import { keepCorpus } from './corpus.js'
import { fuzz, tryInput } from './fuzz-loop.js'
import { FUZZ_TARGETS } from './fuzz-suite.js'
import type { FuzzTarget } from './fuzz-target.js'

/** A file of the repository is not made longer than it must be. */
const INPUTS_MAX = 24

const rounds = Number(process.argv[2] ?? 1)
const seed = Number(process.argv[3] ?? 1)
for (const target of FUZZ_TARGETS) {
  const { corpus, blockCount } = fuzz(target, seed, target.inputsPerCase * rounds)
  const kept = fewest(target, corpus)
  keepCorpus(target.name, kept)
  console.log(`${target.name}: ${blockCount} blocks, ${corpus.length} inputs, ${kept.length} kept`)
}

/** Takes, again and again, the input that reaches most of what is not reached yet. */
function fewest(target: FuzzTarget, corpus: readonly Uint8Array[]): Uint8Array[] {
  const coverage = new CodeCoverage()
  const reached = corpus.map((input) => {
    coverage.take()
    tryInput(target, input)
    return { input, blocks: coverage.take() }
  })
  const kept: Uint8Array[] = []
  while (kept.length < INPUTS_MAX) {
    reached.sort((a, b) => b.blocks.size - a.blocks.size || a.input.length - b.input.length)
    const best = reached.shift()
    if (best === undefined || best.blocks.size === 0) break
    kept.push(best.input)
    for (const other of reached) for (const block of best.blocks) other.blocks.delete(block)
  }
  return kept
}
