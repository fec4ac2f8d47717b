// Searches for inputs that reach new code, and stores a minimal set that reaches all of it.
// Arguments: rounds (each tries as many inputs as one case), first seed, names of targets (default: all).
import { CodeCoverage } from './code-coverage.js'
import { storeCorpus } from './corpus.js'
import { fuzz, tryInput } from './fuzz-loop.js'
import { FUZZ_TARGETS } from './fuzz-suite.js'
import type { FuzzTarget } from './targets/fuzz-target.js'

/** Limits the size of the corpus files in the repository. */
const INPUTS_MAX = 24

const rounds = Number(process.argv[2] ?? 1)
const seed = Number(process.argv[3] ?? 1)
const names = process.argv.slice(4)
for (const target of FUZZ_TARGETS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const { corpus, blockCount } = fuzz(target, seed, target.inputsPerCase * rounds)
  const kept = fewest(target, corpus)
  storeCorpus(target.name, kept)
  console.log(`${target.name}: ${blockCount} blocks, ${corpus.length} inputs, ${kept.length} stored`)
}

/** Selects inputs greedily: each time the one that reaches most of the blocks not reached yet. */
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
