import type { Scenario } from '../model/scenario.js'
import type { Row, Stage } from '../model/stage.js'

/** Stores of the rows that would take hours with all stores. */
export const AIM_STORES: readonly string[] = ['ldb', 'lmdb', 'classic-level']
const SWEEP_BYTES_MAX = 256 * 2 ** 20
const SWEEP_ENTRIES_MIN = 200
const SWEEP_FILL_MAX = 200_000
const VALUE_SIZES = [20, 100, 1000, 10_000, 100_000, 1_000_000]
/** Values from this size on have aims: each is written once, at the speed of lmdb-js. */
const LARGE_VALUE_BYTES = 10_000
const LARGE_VALUE_AIMS: SweepAims = { fill: 1, read: 0.8 }

/** Returns stages for values of several lengths. */
export function valueSweeps(read: Scenario): Stage[] {
  return VALUE_SIZES.flatMap((valueBytes) => valueSweep(read, valueBytes))
}

/** Returns the stages of one length of values. */
function valueSweep(read: Scenario, valueBytes: number): Stage[] {
  const entryCount = Math.max(
    SWEEP_ENTRIES_MIN,
    Math.min(read.entryCount, Math.floor(SWEEP_BYTES_MAX / (valueBytes + 16))),
  )
  const title = `values of ${valueBytes.toLocaleString('en')} B`
  const stages = sweep(`values-${valueBytes}`, title, { ...read, valueBytes, entryCount })
  return valueBytes < LARGE_VALUE_BYTES ? stages : stages.map((stage) => withAims(stage, LARGE_VALUE_AIMS))
}

/** Aims against lmdb-js. */
interface SweepAims {
  readonly fill: number
  readonly read: number
}

function withAims(stage: Stage, aims: SweepAims): Stage {
  const aimOf = ({ workload }: Row): number => (workload === 'fillRandom' ? aims.fill : aims.read)
  return { ...stage, rows: stage.rows.map((each) => ({ ...each, targets: { lmdb: aimOf(each) } })) }
}

/** A scan, a get and a fill of stores that differ from others in one parameter. */
export function sweep(
  id: string,
  title: string,
  loaded: Scenario,
  stores: readonly string[] = AIM_STORES,
  fillMax: number = SWEEP_FILL_MAX,
): Stage[] {
  const of = (name: string, what: string, workload: string): Row => ({
    ...{ id: `${id}-${name}`, title: `${title}: ${what}`, workload, unit: 'entry' },
    stores,
  })
  return [
    {
      id,
      onlyFull: true,
      scenario: loaded,
      rows: [
        // The scan runs first: it loads the pages that were evicted during loading, where they fit.
        of('scan', 'cursor over all', 'scanAll'),
        of('get', 'get, random', 'getRandom'),
      ],
    },
    {
      id: `${id}-filling`,
      onlyFull: true,
      scenario: { ...loaded, entryCount: Math.min(loaded.entryCount, fillMax), contents: 'empty-each-round' },
      rows: [of('fill', 'fill', 'fillRandom')],
    },
  ]
}
