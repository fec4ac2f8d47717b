import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Arguments } from './arguments.js'
import { selectStores } from '../run/store-selection.js'
import { deoptimisationsOf } from '../measure/deoptimisations.js'
import { EFFORTS } from '../model/effort.js'
import { createStoresFolder } from './folders.js'
import { formatBytes, formatDuration, formatRate } from '../report/format-figures.js'
import { stagesOf } from '../run/plan.js'
import type { Row, Stage } from '../model/stage.js'
import type { ProfileKind } from '../measure/profile-kind.js'
import type { Round } from '../model/round.js'
import { selfBytes, selfTimes } from '../measure/self-costs.js'
import type { CpuProfile, HeapProfile, SelfCost } from '../measure/self-costs.js'
import { StoreProcess } from '../run/store-process.js'
import { formatColumns } from '../report/terminal-report.js'
import { UsageError } from './usage-error.js'

const TARGET = fileURLToPath(new URL('../../profiles/', import.meta.url))
const WARM_UP_MS = 2000
const PROFILED_MS = 4000
const LINES = 20
/** The child's output arrives through another pipe than its responses, and may arrive later. */
const OUTPUT_LAG_MS = 200

/** Runs one row on one store under a profiler, and prints the result. */
export async function profile(args: Extract<Arguments, { command: 'profile' }>): Promise<number> {
  const effort = { ...EFFORTS.normal, ...(args.entries !== undefined && { entryCount: args.entries }) }
  const { stage, row } = findRow(stagesOf(effort), args.row)
  const { stores } = selectStores([args.store], (line) => process.stderr.write(`${line}\n`))
  if (stores.length === 0) throw new UsageError(`the store ${args.store} is not available`)
  const root = createStoresFolder(args.dir)
  let output = ''
  const child = new StoreProcess({
    ...(args.kind === 'deopt' && { flags: ['--trace-deopt'] }),
    onOutput: (text) => (output += text),
  })
  try {
    await child.initialize(args.store, stage.scenario, root)
    const { unsupported } = await child.prepare([row.workload])
    if (unsupported[row.workload] !== undefined)
      throw new UsageError(`${args.store} ${unsupported[row.workload]}`)
    await child.round(row.workload, WARM_UP_MS)
    await waitForOutput()
    const warm = output.length
    if (args.kind === 'deopt') {
      printRate(row, await child.round(row.workload, PROFILED_MS))
      await waitForOutput()
      printDeoptimisations(output, warm)
    } else {
      const { round, profile: recorded } = await child.profile(args.kind, row.workload, PROFILED_MS)
      printRate(row, round)
      printProfile(args.kind, recorded, round.operations)
      saveProfile(`${row.id}-${args.store}`, args.kind, recorded)
    }
    return 0
  } finally {
    await child.finish().catch(() => undefined)
  }
}

function findRow(stages: readonly Stage[], id: string): { stage: Stage; row: Row } {
  for (const stage of stages) {
    const row = stage.rows.find((candidate) => candidate.id === id)
    if (row !== undefined) return { stage, row }
  }
  const rows = stages.filter(({ onlyFull }) => onlyFull !== true).flatMap((stage) => stage.rows)
  throw new UsageError(`there is no row ${id}; there are ${rows.map((row) => row.id).join(', ')}`)
}

function printRate(row: Row, { operations, elapsedMs }: Round): void {
  const rate = (operations * 1000) / elapsedMs
  process.stdout.write(
    `${row.title}: ${formatRate(rate)}, ${formatDuration(rate)} per operation, with the profiler on\n\n`,
  )
}

function printProfile(kind: 'cpu' | 'heap', recorded: unknown, operations: number): void {
  const costs = kind === 'cpu' ? selfTimes(recorded as CpuProfile) : selfBytes(recorded as HeapProfile)
  const total = costs.reduce((sum, { cost }) => sum + cost, 0)
  const each = ({ cost }: SelfCost): string =>
    kind === 'cpu' ? `${((cost * 1000) / operations).toFixed(1)} ns` : `${(cost / operations).toFixed(1)} B`
  const all = ({ cost }: SelfCost): string =>
    kind === 'cpu' ? `${(cost / 1000).toFixed(0)} ms` : formatBytes(cost)
  const lines = costs
    .slice(0, LINES)
    .map((cost) => [
      cost.name,
      cost.location,
      `${((100 * cost.cost) / total).toFixed(1)} %`,
      each(cost),
      all(cost),
    ])
  process.stdout.write(`${formatColumns([['self', '', 'share', 'per operation', 'total'], ...lines])}\n`)
}

function printDeoptimisations(output: string, warm: number): void {
  const warmUp = deoptimisationsOf(output.slice(0, warm))
  const later = deoptimisationsOf(output.slice(warm))
  process.stdout.write(`During loading and warm-up: ${warmUp.reduce((sum, { count }) => sum + count, 0)}\n\n`)
  const table = (title: string, rows: typeof later): void => {
    const lines = rows
      .slice(0, LINES)
      .map(({ name, kind, reason, count }) => [name, reason, kind, String(count)])
    process.stdout.write(`${formatColumns([[title, '', 'kind', 'times'], ...lines])}\n\n`)
  }
  table('after warm-up', later)
  table('during loading and warm-up', warmUp)
}

/** Writes a profile that Chrome's developer tools and editors can open. */
function saveProfile(name: string, kind: Exclude<ProfileKind, 'deopt'>, recorded: unknown): void {
  mkdirSync(TARGET, { recursive: true })
  const path = join(TARGET, `${name}.${kind}profile`)
  writeFileSync(path, JSON.stringify(recorded))
  process.stdout.write(`\nprofile: ${relative(process.cwd(), path)}\n`)
}

function waitForOutput(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, OUTPUT_LAG_MS))
}
