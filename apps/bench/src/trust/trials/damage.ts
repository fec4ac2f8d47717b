import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readInProcess } from '../case-process.js'
import { entriesOf, valueOf, writeAll } from '../entries.js'
import type { FileBytes } from '../folders.js'
import { copyFolder, readFolder } from '../folders.js'
import { isSame } from '../reading.js'
import type { Outcome } from '../reading.js'
import type { Entry } from '../subject.js'
import { KEY } from './trial.js'
import type { Trial, TrialContext } from './trial.js'

const ENTRIES = 5000
const BLOCK_BYTES = 4096
const SEED = 20_260_101
/** In the order of a report. */
const OUTCOMES: readonly Outcome[] = ['silent', 'crash', 'hang', 'error', 'unchanged']

/** Bytes to write over those of a file. */
interface Place {
  readonly path: string
  readonly at: number
  readonly bytes: Uint8Array
}

/** Chooses a change of the files of a store. */
type Change = (files: readonly FileBytes[], random: () => number) => Place

/** One bit of one file is flipped, the files weighted by their lengths. */
export const bitFlips: Trial = damageTrial('flips', 'a flipped bit', false, flip)
/** The same, encrypted. */
export const encryptedFlips: Trial = damageTrial('flips-encrypted', 'a flipped bit, encrypted', true, flip)
/** A block of a file is replaced by zeros, as after a lost write. */
export const zeroedBlocks: Trial = damageTrial('zeros', 'a block of zeros', false, (files, random) => {
  const { path, at, bytes } = placeOf(files, random)
  const start = at - (at % BLOCK_BYTES)
  return { path, at: start, bytes: new Uint8Array(Math.min(BLOCK_BYTES, bytes.length - start)) }
})
/** A block of a file is written over another one of it. */
export const movedBlocks: Trial = damageTrial(
  'moved',
  'a block over another one, encrypted',
  true,
  (files, random) => {
    const long = files.filter(({ bytes }) => bytes.length >= 2 * BLOCK_BYTES)
    if (long.length === 0) throw new Error('no file is long enough')
    for (;;) {
      const { path, at, bytes } = placeOf(long, random)
      const blockCount = Math.floor(bytes.length / BLOCK_BYTES)
      const target = Math.floor(random() * blockCount) * BLOCK_BYTES
      const source = Math.min(at - (at % BLOCK_BYTES), (blockCount - 1) * BLOCK_BYTES)
      const block = bytes.subarray(source, source + BLOCK_BYTES)
      if (!block.equals(bytes.subarray(target, target + BLOCK_BYTES)))
        return { path, at: target, bytes: block }
    }
  },
)

/** A block of a file returns to what it was before a tenth of the entries were overwritten. */
export const oldBlocks: Trial = {
  id: 'old',
  title: 'a block as it was before, encrypted',
  isEncrypted: true,
  async run(context) {
    const { subject, dir } = context
    const options = { dir: join(dir, 'whole'), key: KEY }
    mkdirSync(options.dir)
    const first = await subject.open(options)
    await writeAll(first, entriesOf(ENTRIES))
    await first.close()
    const before = new Map(readFolder(options.dir).map(({ path, bytes }) => [path, bytes]))
    const changed = [...entriesOf(ENTRIES)].map(([key, value], index): Entry =>
      index % 10 === 0 ? [key, valueOf(index, 1)] : [key, value],
    )
    const second = await subject.open(options)
    await writeAll(
      second,
      changed.filter((_, index) => index % 10 === 0),
    )
    await second.close()
    const places = readFolder(options.dir).flatMap(({ path, bytes }) =>
      changedBlocks(path, bytes, before.get(path)),
    )
    if (places.length === 0) return 'no block of a file is ever overwritten'
    return runCases(context, changed, (_, random) => places[Math.floor(random() * places.length)] as Place)
  },
}

/** Returns the blocks of a file that were different before. */
function changedBlocks(path: string, bytes: Buffer, before: Buffer | undefined): Place[] {
  const places: Place[] = []
  const end = Math.min(bytes.length, before?.length ?? 0)
  for (let at = 0; before !== undefined && at < end; at += BLOCK_BYTES) {
    const block = before.subarray(at, Math.min(end, at + BLOCK_BYTES))
    if (!block.equals(bytes.subarray(at, at + block.length))) places.push({ path, at, bytes: block })
  }
  return places
}

function flip(files: readonly FileBytes[], random: () => number): Place {
  const { path, at, bytes } = placeOf(files, random)
  return { path, at, bytes: Uint8Array.of((bytes[at] as number) ^ (1 << Math.floor(random() * 8))) }
}

function placeOf(files: readonly FileBytes[], random: () => number): FileBytes & { readonly at: number } {
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0)
  let at = Math.floor(random() * total)
  for (const file of files) {
    if (at < file.bytes.length) return { ...file, at }
    at -= file.bytes.length
  }
  throw new Error('there are no files')
}

function damageTrial(id: string, title: string, isEncrypted: boolean, change: Change): Trial {
  return { id, title, isEncrypted, run: (context) => run(context, change) }
}

async function run(context: TrialContext, change: Change): Promise<string> {
  const { subject, dir, isEncrypted } = context
  const options = { dir: join(dir, 'whole'), ...(isEncrypted && { key: KEY }) }
  mkdirSync(options.dir)
  const expected: Entry[] = [...entriesOf(ENTRIES)]
  const store = await subject.open(options)
  await writeAll(store, expected)
  await store.close()
  return runCases(context, expected, change)
}

/** Damages copies of the store in the folder `whole`, and counts what readers of them see. */
async function runCases(
  { subject, dir, isEncrypted, cases }: TrialContext,
  expected: readonly Entry[],
  change: Change,
): Promise<string> {
  const whole = join(dir, 'whole')
  const expectedFile = join(dir, 'expected.json')
  writeFileSync(expectedFile, JSON.stringify(expected))
  const again = await subject.open({ dir: whole, ...(isEncrypted && { key: KEY }) })
  if (!isSame(await again.entries(), expected)) throw new Error(`${subject.id} lost data without any damage`)
  await again.close()
  const files = readFolder(whole)
  const random = randomFrom(SEED)
  const counts = new Map<Outcome, number>()
  for (let index = 0; index < cases; index++) {
    const damaged = join(dir, 'damaged')
    copyFolder(whole, damaged)
    const { path, at, bytes } = change(files, random)
    const content = Buffer.from(files.find((file) => file.path === path)?.bytes ?? [])
    content.set(bytes, at)
    writeFileSync(join(damaged, path), content)
    const parameters = { subject: subject.id, dir: damaged, expected: expectedFile, isEncrypted }
    const outcome = await readInProcess(parameters)
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1)
    rmSync(damaged, { recursive: true, force: true })
  }
  return OUTCOMES.filter((outcome) => counts.has(outcome))
    .map((outcome) => `${outcome} ${counts.get(outcome) ?? 0}`)
    .join(', ')
}

/** A generator of numbers from 0 to 1, the same in each run. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
