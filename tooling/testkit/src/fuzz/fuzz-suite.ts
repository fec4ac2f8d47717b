// Must be the first import; see fuzz-loop.ts.
import { fuzz } from './fuzz-loop.js'
import type { Suite, SuiteCounts } from '../suite/suite.js'
import type { FuzzTarget } from './targets/fuzz-target.js'
import { catalogNoteTarget, catalogTarget, checkpointTarget } from './targets/database-targets.js'
import { batchTarget, tupleTarget, varintTarget } from './targets/encoding-targets.js'
import { blobTarget } from './targets/blob-target.js'
import { codecTarget, fileHeaderTarget } from './targets/integrity-targets.js'
import { lockTarget } from './targets/lock-target.js'
import { logTarget } from './targets/log-target.js'
import { lsmManifestTarget, lsmTableTarget } from './targets/lsm-targets.js'
import { treeTarget } from './targets/tree-target.js'

/** Every decoder of bytes that come from outside the process. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  varintTarget,
  batchTarget,
  tupleTarget,
  fileHeaderTarget,
  codecTarget,
  logTarget,
  treeTarget,
  catalogTarget,
  checkpointTarget,
  catalogNoteTarget,
  lockTarget,
  lsmTableTarget,
  lsmManifestTarget,
  blobTarget,
]

/** Coverage-guided fuzzing of the decoders; case n runs target n modulo the number of targets. */
export const fuzzSuite: Suite = {
  name: 'fuzz',
  // A case takes long, and the thread is watched: it returns to the event loop in between.
  runCase: async (seed) => {
    await new Promise((resolve) => setImmediate(resolve))
    return runTarget(seed)
  },
}

function runTarget(seed: number): SuiteCounts {
  const target = FUZZ_TARGETS[seed % FUZZ_TARGETS.length] as FuzzTarget
  const { inputCount, acceptedCount } = fuzz(target, seed, target.inputsPerCase)
  return { fuzzInputs: inputCount, acceptedInputs: acceptedCount, [`fuzz-${target.name}`]: inputCount }
}
