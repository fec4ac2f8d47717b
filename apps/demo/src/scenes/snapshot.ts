import type { KeyspaceReads, Snapshot } from '@ldb/core'
import type { City } from '../database/cities.js'
import { formatCount, formatCounted, formatDuration } from '../output/format-figures.js'
import type { SceneContext } from './scene-context.js'
import { timed } from './stopwatch.js'
import { cityKey, countryKey, nameKey } from '../database/demo-store.js'
import type { CountryKey, DemoStore } from '../database/demo-store.js'

/** The results of the snapshot scene. */
export interface SnapshotFigures {
  /** Cities when the snapshot was taken. */
  readonly frozenCount: number
  /** Cities in the database while the snapshot was open and the country was deleted. */
  readonly liveCount: number
  /** Cities that one commit deleted and another restored from the snapshot. */
  readonly deletedCount: number
  readonly snapshotMs: number
  readonly deleteMs: number
  readonly restoreMs: number
}

const COUNTRY = 'JP'

/** Scene: reads from a snapshot while the database changes, and restores deleted records from it. */
export function readFromSnapshot(context: SceneContext): SnapshotFigures {
  const { screen, checks, store } = context
  const { result, ms: snapshotMs } = timed(() => store.db.snapshot())
  using snapshot = result
  const frozenCount = store.cities.count()
  screen.heading('A snapshot of all keyspaces', formatDuration(snapshotMs))
  screen.code('using snapshot = db.snapshot()')
  screen.line('')

  // Half of this scan runs before the deletion, half after it; the deletion must not affect it.
  using scan = snapshot.in(store.cities).keys()
  let scannedCount = 0
  while (scannedCount < frozenCount / 2 && scan.next().done !== true) scannedCount++

  const { result: deletedCount, ms: deleteMs } = timed(() => deleteCountry(store, snapshot))
  screen.heading(
    `Delete all ${formatCount(deletedCount)} cities of Japan in one commit`,
    formatDuration(deleteMs),
  )
  screen.code("batch.in(byCountry).deleteRange({ prefix: ['JP'] })")
  screen.line('')
  const liveCount = store.cities.count()
  showBoth(context, snapshot)
  while (scan.next().done !== true) scannedCount++
  checks.expect(
    'snapshot.frozen',
    snapshot.in(store.cities).count() === frozenCount &&
      liveCount === frozenCount - deletedCount &&
      store.byCountry.count({ prefix: [COUNTRY] }) === 0,
    `The snapshot still has ${formatCount(frozenCount)} cities; the database has ${formatCount(liveCount)}`,
  )
  checks.expect(
    'snapshot.scan',
    scannedCount === frozenCount,
    `A scan of the snapshot that was half done at the commit found ${formatCounted(scannedCount, 'city', 'cities')}`,
  )
  screen.line('')

  const { ms: restoreMs } = timed(() => restoreCountry(store, snapshot))
  screen.heading('Restore them from the snapshot', formatDuration(restoreMs))
  screen.code("snapshot.in(byCountry).entries({ prefix: ['JP'] })")
  screen.line('')
  const restored = isAsBefore(store, snapshot)
  checks.expect(
    'snapshot.restored',
    restored,
    restored
      ? `All ${formatCount(deletedCount)} records are restored and equal those of the snapshot`
      : 'The restored records differ from those of the snapshot',
  )
  return { frozenCount, liveCount, deletedCount, snapshotMs, deleteMs, restoreMs }
}

/** Deletes the cities of the country. Returns their number. */
function deleteCountry(store: DemoStore, snapshot: Snapshot): number {
  const batch = store.db.batch()
  const cities = batch.in(store.cities)
  const byName = batch.in(store.byName)
  let count = 0
  for (const city of citiesOfCountry(store, snapshot)) {
    cities.delete(cityKey(city))
    byName.delete(nameKey(city))
    count++
  }
  batch.in(store.byCountry).deleteRange({ prefix: [COUNTRY] })
  batch.commit()
  return count
}

function restoreCountry(store: DemoStore, snapshot: Snapshot): void {
  const batch = store.db.batch()
  const cities = batch.in(store.cities)
  const byCountry = batch.in(store.byCountry)
  const byName = batch.in(store.byName)
  for (const city of citiesOfCountry(store, snapshot)) {
    cities.put(cityKey(city), city)
    byCountry.put(countryKey(city), city.name)
    byName.put(nameKey(city), city.country)
  }
  batch.commit()
}

function* citiesOfCountry(store: DemoStore, snapshot: Snapshot): Generator<City> {
  const cities = snapshot.in(store.cities)
  for (const [, , id] of snapshot.in(store.byCountry).keys({ prefix: [COUNTRY] })) {
    const city = cities.get(String(id))
    if (city !== undefined) yield city
  }
}

function showBoth({ screen, store }: SceneContext, snapshot: Snapshot): void {
  const frozen = { cities: snapshot.in(store.cities), byCountry: snapshot.in(store.byCountry) }
  const indexes = [store.byCountry, frozen.byCountry]
  screen.table(
    ['', 'database', 'snapshot'],
    [
      ['all cities', formatCount(store.cities.count()), formatCount(frozen.cities.count())],
      ['cities of Japan', ...indexes.map((index) => formatCount(countOf(index)))],
      ['the largest of Japan', ...indexes.map((index) => largestOf(index) ?? '–')],
    ],
  )
  screen.line('')
}

function countOf(byCountry: KeyspaceReads<CountryKey, string>): number {
  return byCountry.count({ prefix: [COUNTRY] })
}

function largestOf(byCountry: KeyspaceReads<CountryKey, string>): string | undefined {
  return byCountry.values({ prefix: [COUNTRY], reverse: true, limit: 1 }).toArray()[0]
}

/** Reports whether the restored records equal those of the snapshot, and the counts of all keyspaces agree. */
function isAsBefore(store: DemoStore, snapshot: Snapshot): boolean {
  const { cities, byCountry, byName } = store
  return (
    isSameCount(cities, snapshot.in(cities)) &&
    isSameCount(byCountry, snapshot.in(byCountry)) &&
    isSameCount(byName, snapshot.in(byName)) &&
    [...citiesOfCountry(store, snapshot)].every(
      (city) =>
        JSON.stringify(cities.get(cityKey(city))) === JSON.stringify(city) &&
        byCountry.get(countryKey(city)) === city.name &&
        byName.get(nameKey(city)) === city.country,
    )
  )
}

function isSameCount<K, V>(now: KeyspaceReads<K, V>, then: KeyspaceReads<K, V>): boolean {
  return now.count() === then.count()
}
