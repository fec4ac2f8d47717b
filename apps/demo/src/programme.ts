import type { DatabaseStats, VerifyReport } from '@ldb/core'
import type { Check } from './checks.js'
import { killAndRecover } from './crash-scene.js'
import type { CrashFigures } from './crash-scene.js'
import { importCities } from './import-cities.js'
import type { ImportFigures } from './import-cities.js'
import { drawMap } from './map-scene.js'
import type { MapFigures } from './map-scene.js'
import { askQuestions } from './questions.js'
import type { LookupFigures, QuestionFigures } from './questions.js'
import { reopenCleanly, showStatistics, verifyAll } from './report.js'
import type { ClosingFigures } from './report.js'
import { readFromSnapshot } from './snapshot-scene.js'
import type { SnapshotFigures } from './snapshot-scene.js'
import type { Stage } from './stage.js'

/** Everything that was measured and checked: what `--json` prints. Durations are in milliseconds, sizes in bytes. */
export interface DemoFigures {
  /** True when every check held. */
  readonly ok: boolean
  readonly node: string
  readonly platform: string
  readonly engine: string
  /** Where the data stays; `null` when it was temporary. */
  readonly dir: string | null
  readonly durationMs: number
  readonly import: ImportFigures
  readonly questions: readonly QuestionFigures[]
  readonly lookups: LookupFigures
  readonly map: MapFigures
  readonly snapshot: SnapshotFigures
  readonly crash: CrashFigures
  readonly verify: VerifyReport
  /** What the database said of itself before it was closed for the kills, and after the last one. */
  readonly statistics: { readonly beforeKills: DatabaseStats; readonly atEnd: DatabaseStats }
  readonly closing: ClosingFigures
  readonly checks: readonly Check[]
}

/** Plays all scenes, one after the other. */
export async function perform(stage: Stage): Promise<DemoFigures> {
  const startedAtMs = performance.now()
  const { screen, checks } = stage
  const world = stage.open()
  const engine = world.cities.descriptor.engine
  const platform = `${process.platform} ${process.arch}`
  screen.banner(
    'LDB',
    'an embedded, ordered, transactional key-value database',
    `Node ${process.versions.node}, ${platform}, engine ${engine}, ${stage.kept ? `data in ${stage.options.dir}` : 'data in a temporary folder'}`,
  )
  screen.scene(1, 'Import the cities of the world')
  const imported = await importCities(stage)
  screen.scene(2, 'Ask questions')
  const { questions, lookups } = await askQuestions(stage)
  await stage.breathe()
  screen.scene(3, 'Draw the world')
  const map = drawMap(stage)
  await stage.breathe()
  screen.scene(4, 'Read the past while writing the present')
  const snapshot = readFromSnapshot(stage)
  await stage.breathe()
  const beforeKills = stage.world.db.stats()
  screen.scene(5, 'Kill it')
  const crash = await killAndRecover(stage)
  screen.scene(6, 'Check everything')
  const verify = verifyAll(stage)
  await stage.breathe()
  screen.line('')
  const atEnd = stage.world.db.stats()
  showStatistics(stage, beforeKills, atEnd)
  const closing = reopenCleanly(stage)
  return {
    ok: checks.failed.length === 0,
    node: process.versions.node,
    platform,
    engine,
    dir: stage.kept ? stage.options.dir : null,
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
