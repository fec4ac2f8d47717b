import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RunArguments } from './arguments.js'
import { selectStores } from '../run/store-selection.js'
import { StageRunner } from '../run/stage-runner.js'
import { derivedFindings } from '../report/derived-findings.js'
import { EFFORTS } from '../model/effort.js'
import type { Effort } from '../model/effort.js'
import { expectWritable, createStoresFolder } from './folders.js'
import { htmlReport } from '../report/html-report.js'
import { versionOf } from '../peers/installed-version.js'
import { commitOf, describeMachine } from '../measure/machine.js'
import { markdownReport, putBetweenMarkers } from '../report/markdown-report.js'
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

/** Measures, and shows what came of it. */
export async function runBenchmarks(asked: RunArguments): Promise<number> {
  const unknown = asked.stores?.find((name) => !STORES.some(({ id }) => id === name))
  if (unknown !== undefined) throw new UsageError(`there is no store ${unknown}`)
  for (const file of [asked.json, asked.html]) if (file !== undefined) expectWritable(file)
  const root = createStoresFolder(asked.dir)
  const report = await measure(asked, root)
  process.stdout.write(`\n${terminalReport(report)}\n`)
  if (asked.json !== undefined) writeFileSync(asked.json, `${JSON.stringify(report, undefined, 2)}\n`)
  if (asked.html !== undefined) writeFileSync(asked.html, htmlReport(report))
  if (asked.readme) putBetweenMarkers(join(ROOT, 'README.md'), markdownReport(report))
  return report.measurements.length + report.probes.length + report.syncCounts.length > 0 ? 0 : 1
}

async function measure(asked: RunArguments, root: string): Promise<Report> {
  const effort = effortOf(asked)
  const full = effort.name === 'full'
  const stages = selectStages(stagesOf(effort), asked.only, full)
  const probes = selectProbes(asked.only, full)
  if (stages.length + probes.length === 0) throw new UsageError('there is nothing of that name to measure')
  const machine = describeMachine(root)
  if (machine.fileSystem === 'tmpfs')
    log('the folder of the stores is in memory: durable rows mean nothing there')
  if (machine.loadBefore > BUSY_LOAD * machine.cores) {
    log(
      `the machine is busy (load ${machine.loadBefore.toFixed(1)}): trust the ratios less, or take --clock cpu`,
    )
  }
  const startedAt = new Date()
  const { stores, leftOut } = selectStores(asked.stores, log)
  const conductor = new StageRunner(effort, root, log)
  const syncCounts: SyncCount[] = []
  for (const stage of stages) {
    const ids = stores
      .map(({ id }) => id)
      .filter((id) => id !== 'bare-file' || stage.includesBareFile === true)
    await conductor.run(stage, ids)
    if (asked.countSyncs) syncCounts.push(...(await countSyncsOf(stage, ids, root, log)))
  }
  const answers: ProbeResult[] = []
  for (const probe of stores.some(({ id }) => id === 'ldb') ? probes : []) {
    log(`${probe.id}: ${probe.title}`)
    answers.push(await runProbe(probe, effort.name, root))
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
    command: `npm run bench -- ${asked.argv.join(' ')}`.trim(),
    commit: commitOf(ROOT),
    effort,
    machine,
    stores: stores.map((entry) => ({ id: entry.id, title: entry.title, version: versionOf(entry) })),
    leftOut,
    rows,
    ...conductor.results,
    probes: [...answers, ...derivedFindings(conductor.results.measurements)],
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
