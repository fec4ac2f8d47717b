// First of all, as it says itself.
import { fuzz } from './fuzz-loop.js'
import type { Suite, SuiteCounts } from '../deep/suite.js'
import type { FuzzTarget } from './fuzz-target.js'
import { catalogNoteTarget, catalogTarget, checkpointTarget } from './targets/database-targets.js'
import { batchTarget, tupleTarget, varintTarget } from './targets/encoding-targets.js'
import { fileHeaderTarget } from './targets/integrity-targets.js'
import { lockTarget } from './targets/lock-target.js'
import { logTarget } from './targets/log-target.js'
import { treeTarget } from './targets/tree-target.js'

/** Everything that reads bytes from outside. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  varintTarget,
  batchTarget,
  tupleTarget,
  fileHeaderTarget,
  logTarget,
  treeTarget,
  catalogTarget,
  checkpointTarget,
  catalogNoteTarget,
  lockTarget,
]

/** Feeds decoders with inputs that look right, led by the code that they reach; one target a case, in turn. */
export const decoderFuzz: Suite = {
  name: 'fuzz',
  runCase: (seed) => Promise.resolve().then(() => runTarget(seed)),
}

function runTarget(seed: number): SuiteCounts {
  const target = FUZZ_TARGETS[seed % FUZZ_TARGETS.length] as FuzzTarget
  const { inputCount, acceptedCount } = fuzz(target, seed, target.inputsPerCase)
  return { fuzzInputs: inputCount, acceptedInputs: acceptedCount, [`fuzz-${target.name}`]: inputCount }
}
