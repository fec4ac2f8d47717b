import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RunArguments } from './arguments.js'
import { selectStores } from '../run/store-selection.js'
import { StageRunner } from '../run/stage-runner.js'
import { derivedFindings } from '../report/derived-findings.js'
import { EFFORTS } from '../model/effort.js'
import type { Effort } from '../model/effort.js'
import { createStoresFolder, expectWritable, withUsageError } from './folders.js'
import { htmlReport } from '../report/html-report.js'
import { versionOf } from '../peers/installed-version.js'
import { commitOf, describeMachine } from '../measure/machine.js'
import { expectPublishable, publishTables } from '../report/published-tables.js'
import { selectStages, stagesOf } from '../run/plan.js'
import { selectProbes, runProbe } from '../probes/run/run-probe.js'
import type { ProbeResult } from '../model/probe.js'
import { REPORT_VERSION } from '../report/report.js'
import type { Report } from '../report/report.js'
import type { RowDescription } from '../model/results.js'
import { STORES } from '../model/store-list.js'
import { countSyncsOf } from '../run/sync-counting.js'
import type { SyncCount } from '../measure/sync-counts.js'
import { terminalReport } from '../report/terminal-report.js'
import { UsageError } from './usage-error.js'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))
const BUSY_LOAD = 0.5

/** Runs the benchmark, prints the report and writes the requested files. Returns the exit code. */
export async function runBenchmarks(args: RunArguments): Promise<number> {
  const unknown = args.stores?.find((name) => !STORES.some(({ id }) => id === name))
  if (unknown !== undefined) throw new UsageError(`there is no store ${unknown}`)
  for (const file of [args.json, args.html]) if (file !== undefined) expectWritable(file)
  if (args.readme) withUsageError('--readme is not possible', () => expectPublishable(ROOT))
  const root = createStoresFolder(args.dir)
  const report = await measure(args, root)
  process.stdout.write(`\n${terminalReport(report)}\n`)
  if (args.json !== undefined) writeFileSync(args.json, `${JSON.stringify(report, undefined, 2)}\n`)
  if (args.html !== undefined) writeFileSync(args.html, htmlReport(report))
  if (args.readme) publishTables(ROOT, report)
  return report.measurements.length + report.probes.length + report.syncCounts.length > 0 ? 0 : 1
}

async function measure(args: RunArguments, root: string): Promise<Report> {
  const effort = effortOf(args)
  const full = effort.name === 'full'
  const stages = selectStages(stagesOf(effort), args.only, full)
  const probes = selectProbes(args.only, full)
  if (stages.length + probes.length === 0) throw new UsageError('no stage, row or probe has such a name')
  const machine = describeMachine(root)
  if (machine.fileSystem === 'tmpfs')
    log('the folder of the stores is on tmpfs: the durable rows measure nothing there')
  if (machine.loadBefore > BUSY_LOAD * machine.cores) {
    log(
      `the machine is busy (load ${machine.loadBefore.toFixed(1)}): ratios are less reliable; consider --clock cpu`,
    )
  }
  const startedAt = new Date()
  const { stores, leftOut } = selectStores(args.stores, log)
  const runner = new StageRunner(effort, root, log)
  const syncCounts: SyncCount[] = []
  for (const stage of stages) {
    const ids = stores
      .map(({ id }) => id)
      .filter((id) => id !== 'bare-file' || stage.includesBareFile === true)
    await runner.run(stage, ids)
    if (args.countSyncs) syncCounts.push(...(await countSyncsOf(stage, ids, root, log)))
  }
  const probeResults: ProbeResult[] = []
  for (const probe of stores.some(({ id }) => id === 'ldb') ? probes : []) {
    log(`${probe.id}: ${probe.title}`)
    probeResults.push(await runProbe(probe, effort.name, root))
  }
  const rows = stages.flatMap(({ id, scenario, rows: all }) =>
    all.map((row): RowDescription => {
      const { title, unit, targets, targetMs } = row
      const aims = { ...(targets !== undefined && { targets }), ...(targetMs !== undefined && { targetMs }) }
      return { id: row.id, stage: id, title, unit, scenario, ...aims }
    }),
  )
  return {
    version: REPORT_VERSION,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    command: `npm run bench -- ${args.argv.join(' ')}`.trim(),
    commit: commitOf(ROOT),
    effort,
    machine,
    stores: stores.map((entry) => ({ id: entry.id, title: entry.title, version: versionOf(entry) })),
    leftOut,
    rows,
    ...runner.results,
    probes: [...probeResults, ...derivedFindings(runner.results.measurements)],
    syncCounts,
  }
}

function effortOf({ effort, entries, rounds, clock }: RunArguments): Effort {
  return {
    ...EFFORTS[effort],
    clock,
    ...(entries !== undefined && { entryCount: entries }),
    ...(rounds !== undefined && { rounds }),
  }
}

function log(line: string): void {
  process.stderr.write(`${line}\n`)
}
