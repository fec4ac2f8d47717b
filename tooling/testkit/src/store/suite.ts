import { isLdbError } from '@ldb/base'
import type { LdbErrorCode, StoreSnapshot } from '@ldb/base'
import { bytesOf } from '../base/byte-text.js'
import { replayIsExplicit, readsAreRepeatable } from './engine-cases.js'
import type { StoreMaker, StoreLocation } from './store-maker.js'
import { checkRange, checkSnapshot, sorted, StoreModel } from './model.js'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee, Violation } from '../base/violation.js'

/** One requirement of the store contract and its test. @category Suites */
export interface StoreCase {
  readonly name: string
  run(maker: StoreMaker): void
}

const KEYS = ['', '\0', '\0\0', 'a', 'a\0', 'aa', 'ab', 'b', '\u00fe', '\u00ff', '\u00ff\u00ff', '__proto__']

/** The requirements of the store contract. @category Suites */
export const STORE_CASES: readonly StoreCase[] = [
  { name: 'an empty store', run: (maker) => new StoreModel(maker.make().open()).check() },
  { name: 'keys at every boundary', run: boundaryKeys },
  { name: 'keys and values of every length up to the limits', run: everyLength },
  { name: 'ranges with any bounds, including inverted and empty ones', run: anyBounds },
  { name: 'operations of one section in their order', run: orderWithinSection },
  { name: 'a key that is a prefix of its buffer', run: keyBytes },
  { name: 'a checkpoint survives a close, later writes do not', run: checkpointSurvives },
  { name: 'a snapshot is stable', run: snapshotIsStable },
  { name: 'returned values are copies', run: valuesAreOwned },
  { name: 'a replay is explicit, and not durable before its end', run: replayIsExplicit },
  { name: 'interrupted reads can be repeated', run: readsAreRepeatable },
  { name: 'closed and released objects refuse calls', run: afterClose },
]

/**
 * Runs every case and one sequence of random operations against a kind of store.
 *
 * @throws Violation when a case fails.
 * @category Suites
 */
export function storeSuite(
  maker: StoreMaker,
  seed: number,
  stepCount = 400,
): { cases: number; steps: number } {
  for (const one of STORE_CASES) {
    try {
      one.run(maker)
    } catch (error) {
      throw new Violation(`${maker.name}: ${one.name}: ${String(error)}`, { cause: error })
    }
  }
  randomOperations(maker, seed, stepCount)
  return { cases: STORE_CASES.length, steps: stepCount }
}

function boundaryKeys(maker: StoreMaker): void {
  const model = new StoreModel(maker.make().open())
  for (const key of KEYS) model.apply({ key, value: `of ${key}` })
  model.check()
  for (const key of KEYS.filter((_, index) => index % 2 === 0)) model.apply({ key })
  model.check()
}

function everyLength(maker: StoreMaker): void {
  const model = new StoreModel(maker.make().open())
  const lengths = [0, 1, 31, 127, 128, 255, 256, 511, 512, 513, 4095, 4096, 16_384, 65_535]
  for (const length of lengths) model.apply({ key: 'k'.repeat(length), value: 'v'.repeat(length * 3) })
  model.check()
  model.checkpoint()
  for (const length of lengths) model.apply({ key: 'k'.repeat(length), value: `now ${length}` })
  model.check()
}

function anyBounds(maker: StoreMaker): void {
  const model = new StoreModel(maker.make().open())
  for (const key of KEYS) model.apply({ key, value: key })
  const snapshot = model.store.snapshot()
  const bounds = [undefined, ...KEYS.map(bytesOf)]
  const all = sorted(model.entries)
  for (const lower of bounds) for (const upper of bounds) checkRange(snapshot, all, { lower, upper })
  snapshot.release()
}

function orderWithinSection(maker: StoreMaker): void {
  const model = new StoreModel(maker.make().open())
  model.apply(
    { key: 'a', value: '1' },
    { key: 'a' },
    { key: 'a', value: '2' },
    { key: 'b', value: '3' },
    { lower: 'b' },
  )
  model.check()
  model.apply({ lower: '' }, { key: 'c', value: '4' })
  model.check()
}

function keyBytes(maker: StoreMaker): void {
  const model = new StoreModel(maker.make().open())
  model.apply({ key: 'ab', value: 'x' })
  const scratch = bytesOf('abcdef')
  assertGuarantee(model.store.has(scratch, 2) && !model.store.has(scratch), () => 'has ignores keyBytes')
  assertGuarantee(model.store.get(scratch, 2)?.length === 1, () => 'get ignores keyBytes')
}

function checkpointSurvives(maker: StoreMaker): void {
  const location = maker.make()
  const model = new StoreModel(location.open())
  for (let index = 0; index < 300; index++) model.apply({ key: `k${index}`, value: 'v'.repeat(index) })
  model.checkpoint()
  model.apply({ lower: 'k1', upper: 'k5' })
  model.store.close()
  model.store = location.open()
  model.entries = new Map(model.checkpointed)
  assertGuarantee(Number(model.store.seq) === 300, () => 'seq differs from the seq of the checkpoint')
  model.check()
  model.store.close()
}

function snapshotIsStable(maker: StoreMaker): void {
  const model = new StoreModel(maker.make().open())
  for (let index = 0; index < 200; index++) model.apply({ key: `k${index}`, value: `${index}` })
  const snapshot = model.store.snapshot()
  const before = new Map(model.entries)
  for (let index = 0; index < 200; index += 2)
    model.apply({ key: `k${index}` }, { key: `n${index}`, value: 'x' })
  model.checkpoint()
  model.apply({ lower: '' })
  model.checkpoint(true)
  checkSnapshot(snapshot, before)
  snapshot.release()
  model.check()
}

/**
 * Checks that returned values are copies: later writes do not change them, and changing them does not change the
 * store. Input buffers are copied too.
 */
function valuesAreOwned(maker: StoreMaker): void {
  const model = new StoreModel(maker.make().open())
  const lengths = [1, 60, 64, 65, 96, 97, 300, 5000, 8192, 8193, 9000]
  for (const length of lengths) model.apply({ key: `k${length}`, value: 'v'.repeat(length) })
  const returned = lengths.map((length) => model.store.get(bytesOf(`k${length}`)))
  const snapshot = model.store.snapshot()
  const frozen = lengths.map((length) => snapshot.get(bytesOf(`k${length}`)))
  for (const length of lengths) model.apply({ key: `k${length}`, value: 'w'.repeat(length) })
  snapshot.release()
  model.checkpoint()
  for (const values of [returned, frozen]) {
    const isSame = values.every((value) => value?.every((byte) => byte === 0x76) === true)
    assertGuarantee(isSame, () => 'a returned value has changed')
  }
  for (const length of lengths) model.store.get(bytesOf(`k${length}`))?.fill(0)
  model.check()
}

function afterClose(maker: StoreMaker): void {
  const { store } = new StoreModel(maker.make().open())
  const snapshot = store.snapshot()
  snapshot.release()
  snapshot.release()
  expectCode('LDB_CLOSED', () => snapshot.get(bytesOf('a')))
  store.close()
  store.close()
  expectCode('LDB_CLOSED', () => store.get(bytesOf('a')))
  expectCode('LDB_CLOSED', () => store.snapshot())
}

function expectCode(code: LdbErrorCode, call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if (isLdbError(error, code)) return
    throw error
  }
  throw new Violation(`expected ${code}`)
}

interface Pin {
  readonly snapshot: StoreSnapshot
  readonly entries: Map<string, string>
}

/** Runs random operations in random order while snapshots are open. */
function randomOperations(maker: StoreMaker, seed: number, stepCount: number): void {
  const random = seededRandom(seed)
  const location = maker.make()
  const model = new StoreModel(location.open())
  const pins: Pin[] = []
  try {
    for (let step = 0; step < stepCount; step++) randomStep(random, model, pins, location)
    model.check()
  } catch (error) {
    throw new Violation(`${maker.name}, seed ${seed}: ${String(error)}`, { cause: error })
  }
  for (const { snapshot } of pins) snapshot.release()
  model.store.close()
}

function randomStep(random: TestRandom, model: StoreModel, pins: Pin[], location: StoreLocation): void {
  const key = (): string => random.pick(['', 'a', 'https://example.com/', '\u00ff']) + random.below(400)
  const roll = random.below(100)
  if (roll < 60) {
    const value = 'v'.repeat(random.chance(0.05) ? random.below(9000) : random.below(60))
    model.apply({ key: key(), value }, { key: key(), value: `${random.word()}` })
  } else if (roll < 80) model.apply({ key: key() })
  else if (roll < 84) {
    const [lower = '', upper = ''] = [key(), key()].sort()
    model.apply({ lower, upper })
  } else if (roll < 88) model.checkpoint(random.chance(0.3))
  else if (roll < 92 && pins.length < 4)
    pins.push({ snapshot: model.store.snapshot(), entries: new Map(model.entries) })
  else if (roll < 95 && pins.length > 0) {
    const [pin] = pins.splice(random.below(pins.length), 1)
    if (pin === undefined) return
    checkSnapshot(pin.snapshot, pin.entries)
    pin.snapshot.release()
  } else if (roll < 96 && pins.length === 0) {
    model.store.close()
    model.store = location.open()
    model.entries = new Map(model.checkpointed)
    model.seq = Number(model.store.seq)
  } else if (roll < 98) model.check()
}
