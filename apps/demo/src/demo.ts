import type { DatabaseStats, VerifyReport } from '@ldb/core'
import type { Check } from './output/checks.js'
import { killAndRecover } from './scenes/crash.js'
import type { CrashFigures } from './scenes/crash.js'
import { importCities } from './scenes/import-cities.js'
import type { ImportFigures } from './scenes/import-cities.js'
import { drawMap } from './scenes/map.js'
import type { MapFigures } from './scenes/map.js'
import { askQuestions } from './scenes/questions.js'
import type { LookupFigures, QuestionFigures } from './scenes/questions.js'
import { reopenCleanly, showStatistics, verifyAll } from './scenes/verification.js'
import type { ClosingFigures } from './scenes/verification.js'
import { readFromSnapshot } from './scenes/snapshot.js'
import type { SnapshotFigures } from './scenes/snapshot.js'
import type { SceneContext } from './scenes/scene-context.js'

/** The results of all scenes and checks, which `--json` prints. Durations are in milliseconds, sizes in bytes. */
export interface DemoFigures {
  /** Whether every check passed. */
  readonly ok: boolean
  readonly node: string
  readonly platform: string
  readonly engine: string
  /** Folder of the database; `null` when it is temporary. */
  readonly dir: string | null
  readonly durationMs: number
  readonly import: ImportFigures
  readonly questions: readonly QuestionFigures[]
  readonly lookups: LookupFigures
  readonly map: MapFigures
  readonly snapshot: SnapshotFigures
  readonly crash: CrashFigures
  readonly verify: VerifyReport
  /** Statistics before the database was closed for the kills, and after the last kill. */
  readonly statistics: { readonly beforeKills: DatabaseStats; readonly atEnd: DatabaseStats }
  readonly closing: ClosingFigures
  readonly checks: readonly Check[]
}

/** Runs all scenes. */
export async function runDemo(context: SceneContext): Promise<DemoFigures> {
  const startedAtMs = performance.now()
  const { screen, checks } = context
  const store = context.open()
  const engine = store.cities.descriptor.engine
  const platform = `${process.platform} ${process.arch}`
  screen.banner(
    'LDB',
    'an embedded, ordered, transactional key-value database',
    `Node ${process.versions.node}, ${platform}, engine ${engine}, ${context.isPersistent ? `data in ${context.options.dir}` : 'data in a temporary folder'}`,
  )
  screen.scene(1, 'Import the cities of the world')
  const imported = await importCities(context)
  screen.scene(2, 'Query the indexes')
  const { questions, lookups } = await askQuestions(context)
  await context.yieldToEvents()
  screen.scene(3, 'Draw the world')
  const map = drawMap(context)
  await context.yieldToEvents()
  screen.scene(4, 'Read from a snapshot while writing')
  const snapshot = readFromSnapshot(context)
  await context.yieldToEvents()
  const beforeKills = context.store.db.stats()
  screen.scene(5, 'Kill the writer')
  const crash = await killAndRecover(context)
  screen.scene(6, 'Verify everything')
  const verify = verifyAll(context)
  await context.yieldToEvents()
  screen.line('')
  const atEnd = context.store.db.stats()
  showStatistics(context, beforeKills, atEnd)
  const closing = reopenCleanly(context)
  return {
    ok: checks.failed.length === 0,
    node: process.versions.node,
    platform,
    engine,
    dir: context.isPersistent ? context.options.dir : null,
    durationMs: performance.now() - startedAtMs,
    import: imported,
    questions,
    lookups,
    map,
    snapshot,
    crash,
    verify,
    statistics: { beforeKills, atEnd },
    closing,
    checks: checks.all,
  }
}
