import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Stage } from '../model/stage.js'
import { StoreProcess } from './store-process.js'
import { countSyncs, difference } from '../measure/sync-counts.js'
import type { SyncCount } from '../measure/sync-counts.js'

/** Long enough for several syncs, which many committers share. */
const BUDGET_MS = 300

/** Runs the durable rows of a stage again under strace, and counts the syncs of each store. */
export async function countSyncsOf(
  stage: Stage,
  stores: readonly string[],
  root: string,
  log: (line: string) => void,
): Promise<SyncCount[]> {
  if (stage.scenario.durability !== 'device') return []
  if (spawnSync('strace', ['-V']).status !== 0) {
    log('syncs are not counted: strace is not installed')
    return []
  }
  const counts: SyncCount[] = []
  for (const store of stores) {
    const dir = join(root, `counts-${store}`)
    mkdirSync(dir, { recursive: true })
    try {
      counts.push(...(await countOne(stage, store, dir)))
    } catch (error) {
      log(
        `syncs of ${store} are not counted: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`,
      )
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
  return counts
}

async function countOne(stage: Stage, store: string, dir: string): Promise<SyncCount[]> {
  const trace = join(dir, 'trace')
  const process = new StoreProcess({ trace })
  const counts: SyncCount[] = []
  try {
    const names = stage.rows.map(({ workload }) => workload)
    await process.initialize(store, stage.scenario, dir)
    const { unsupported } = await process.prepare(names)
    for (const { id, workload } of stage.rows) {
      if (workload in unsupported) continue
      const before = countSyncs(readFileSync(trace, 'utf8'))
      const { operations } = await process.round(workload, BUDGET_MS)
      const after = countSyncs(readFileSync(trace, 'utf8'))
      counts.push({ store, row: id, commits: operations, ...difference(after, before) })
    }
  } finally {
    await process.finish().catch(() => undefined)
  }
  return counts
}
