import { toSeq, WriteBatch } from '@ldb/base'
import type { BatchSection, OrderedStore, StoreCursor } from '@ldb/base'
import { bytesOf, textOf } from '../base/byte-text.js'
import { assertGuarantee } from '../base/violation.js'
import { MissingVfs } from '../vfs/missing-vfs.js'
import { checkSnapshot, sorted, StoreModel } from './model.js'
import type { StoreMaker } from './store-maker.js'

const ENTRY_COUNT = 300

/** Sections of a replay arrive out of commit order; nothing of them is durable before the replay ends. */
export function replayIsExplicit(maker: StoreMaker): void {
  const location = maker.make()
  const model = new StoreModel(location.open())
  for (let index = 0; index < 50; index++) model.apply({ key: `k${index}`, value: `${index}` })
  model.checkpoint()
  const durable = new Map(model.entries)
  const replayed = new Map(durable)
  const sections = [replaySection('z', replayed), replaySection('a', replayed)]

  replay(model.store, sections)
  model.store.close()
  model.store = location.open()
  model.entries = new Map(durable)
  assertGuarantee(Number(model.store.durableSeq) === 50, () => 'a part of a replay has become durable')
  model.check()

  replay(model.store, sections)
  model.store.endReplay(toSeq(170))
  assertGuarantee(Number(model.store.seq) === 170, () => 'seq is not that of the end of the replay')
  model.entries = new Map(replayed)
  model.check()
  model.checkpoint()
  model.store.close()
  model.store = location.open()
  assertGuarantee(Number(model.store.durableSeq) === 170, () => 'the replayed commits are not durable')
  model.check()
  model.store.close()
}

/** Two sections under one number, the greater keys first: as recovery applies key ranges of gathered commits. */
function replay(store: OrderedStore, sections: readonly BatchSection[]): void {
  store.beginReplay()
  for (const section of sections) {
    store.apply(section, toSeq(150))
    assertGuarantee(Number(store.durableSeq) === 50, () => 'durableSeq has advanced during a replay')
  }
}

function replaySection(prefix: string, entries: Map<string, string>): BatchSection {
  const batch = new WriteBatch()
  for (let index = 0; index < 200; index++) {
    const key = `${prefix}${String(index).padStart(3, '0')}`
    batch.put(1, bytesOf(key), bytesOf(`replayed ${index}`))
    entries.set(key, `replayed ${index}`)
  }
  const [section] = batch.sections()
  if (section === undefined) throw new Error('a batch with operations has a section')
  return section
}

/** A read that is interrupted by a miss leaves the store unchanged; repeated, it returns what it would have returned. */
export function readsAreRepeatable(maker: StoreMaker): void {
  let missing: MissingVfs | undefined
  const location = maker.make((below) => (missing = new MissingVfs(below, 7)))
  const model = new StoreModel(location.open())
  for (let index = 0; index < ENTRY_COUNT; index++) {
    model.apply({ key: `k${index}`, value: 'v'.repeat(index % 7 === 0 ? 2000 : index % 90) })
  }
  model.checkpoint()
  model.store.close()
  model.store = location.open()
  assertGuarantee(missing !== undefined, () => 'a maker of stores puts the given layer below them')
  const repeat = missing.repeat.bind(missing)
  for (const [key, value] of model.entries) {
    const bytes = bytesOf(key)
    repeat(() => {
      model.store.prefetch(bytes)
    })
    assertGuarantee(
      repeat(() => model.store.has(bytes)),
      () => `has denies ${key}`,
    )
    const found = repeat(() => model.store.get(bytes))
    assertGuarantee(
      found !== undefined && textOf(found) === value,
      () => `get returns another value for ${key}`,
    )
  }
  walk(model, repeat)
  checkSnapshot(model.store.snapshot(), model.entries)
  model.check()
  model.store.close()
}

function walk(model: StoreModel, repeat: <T>(read: () => T) => T): void {
  const snapshot = model.store.snapshot()
  const expected = sorted(model.entries)
  const count = repeat(() => snapshot.count())
  assertGuarantee(count === expected.length, () => `count returns ${count}`)
  const cursor = snapshot.cursor()
  walkBoth(cursor, expected, repeat)
  for (const [key, value] of expected) {
    assertGuarantee(
      repeat(() => cursor.seek(bytesOf(key))),
      () => `seek does not reach ${key}`,
    )
    assertGuarantee(textOf(repeat(() => cursor.value)) === value, () => `the value at ${key} is another one`)
  }
  cursor.close()
  snapshot.release()
}

/** Walks over all entries both ways. After an interrupted move the last key is sought again. */
function walkBoth(
  cursor: StoreCursor,
  expected: readonly [string, string][],
  repeat: <T>(read: () => T) => T,
): void {
  const keys = expected.map(([key]) => key)
  for (const order of [keys, [...keys].reverse()]) {
    let last: string | undefined
    const move = (): boolean => {
      if (last === undefined) return order === keys ? cursor.first() : cursor.last()
      cursor.seek(bytesOf(last))
      return order === keys ? cursor.next() : cursor.previous()
    }
    for (const key of order) {
      const isFound = repeat(move)
      assertGuarantee(
        isFound && textOf(repeat(() => cursor.key)) === key,
        () => `the cursor does not reach ${key}`,
      )
      last = key
    }
    assertGuarantee(!repeat(move), () => 'the cursor moves beyond the ends')
  }
}
