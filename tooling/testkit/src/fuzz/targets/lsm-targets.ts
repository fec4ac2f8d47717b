import { isLdbError, toSeq, WriteBatch } from '@ldb/base'
import { LsmTree } from '@ldb/lsm'
import { MemoryVfs } from '@ldb/vfs'
import type { TestRandom } from '../../base/test-random.js'
import { captureImage, imageVfs, readFile, writeFile } from '../../corruption/directory-image.js'
import type { DirectoryImage } from '../../corruption/directory-image.js'
import { assertGuarantee } from '../../base/violation.js'
import { manifestNaming, repairManifest, repairTable, tableUnits } from '../repair/lsm-repair.js'
import type { FuzzTarget } from './fuzz-target.js'

const DIRECTORY = 'store'
const MANIFEST = `${DIRECTORY}/MANIFEST`
const HEADER_BYTES = 64
const SIZES = {
  memtableBytes: 65_536,
  blockBytes: 256,
  tableBytes: 2048,
  levelBaseBytes: 8192,
  cacheBytes: 65_536,
}
/** A forged index may name one block many times: a scan ends here. */
const ENTRIES_MAX = 20_000

/** A table: its header, blocks, indexes, filter, range tombstones, properties and footer; it is verified, read and compacted. */
export const lsmTableTarget: FuzzTarget = {
  name: 'lsm-table',
  samples: () => [0, 1, 2].map((kind) => readFile(imageVfs(oneTable(kind)), tablePathOf(oneTable(kind)))),
  bytesMax: 8_000,
  codes: ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_UNSUPPORTED', 'LDB_POISONED'],
  inputsPerCase: 200,
  run(input) {
    const image = oneTable(0)
    const vfs = imageVfs(image)
    writeFile(vfs, MANIFEST, manifestNaming(readFile(vfs, MANIFEST), input))
    writeFile(vfs, tablePathOf(image), input)
    useStore(vfs)
  },
  repair: repairTable,
  mutate(input, random) {
    const unit = random.pick([{ start: 0, end: HEADER_BYTES }, ...tableUnits(input)])
    // Target the beginning of a unit, which has lengths and slots, its trailer, and its records.
    change(input, random, [
      unit.start + random.below(24),
      unit.start + random.below(64),
      unit.end - 1 - random.below(24),
      unit.start + random.below(Math.max(1, unit.end - unit.start)),
    ])
  },
}

/** A manifest: its header, its state and its edits. */
export const lsmManifestTarget: FuzzTarget = {
  name: 'lsm-manifest',
  samples: () => [readFile(imageVfs(edited()), MANIFEST), wholeState()],
  bytesMax: 2_000,
  codes: ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_POISONED'],
  inputsPerCase: 200,
  run(input) {
    const vfs = imageVfs(edited())
    writeFile(vfs, MANIFEST, input)
    useStore(vfs)
  },
  repair: repairManifest,
  mutate(input, random) {
    change(input, random, [
      random.below(HEADER_BYTES),
      HEADER_BYTES + random.below(64),
      HEADER_BYTES + 64 + random.below(84),
      random.below(input.length),
    ])
  },
}

function change(input: Uint8Array, random: TestRandom, offsets: readonly number[]): void {
  const at = random.pick(offsets)
  if (at < input.length)
    input[at] = random.chance(0.5) ? random.below(256) : (input[at] ?? 0) ^ (1 << random.below(8))
}

function useStore(vfs: MemoryVfs): void {
  const store = LsmTree.open(vfs, DIRECTORY, { ...SIZES, create: false, rewriteManifest: 'write' })
  try {
    let findingCount = 0
    store.verify({ finding: () => findingCount++, progress: () => undefined })
    readStore(store)
    try {
      writeTo(store)
    } catch (error) {
      // Entries of a forged table may be out of order, or newer than the manifest says. It must do no harm, and `verify` must report it.
      if (findingCount === 0 || !isLdbError(error, 'LDB_INVARIANT')) throw error
    }
  } finally {
    store.close()
  }
}

function readStore(store: LsmTree): void {
  for (const key of ['', 'key 1', 'key 25', 'zz']) store.get(bytesOfText(key))
  const snapshot = store.snapshot()
  try {
    snapshot.estimate({ lower: bytesOfText('key 2'), upper: bytesOfText('key 4') })
    const cursor = snapshot.cursor()
    let count = 0
    for (let found = cursor.first(); found && count < ENTRIES_MAX; found = cursor.next()) {
      count++
      assertGuarantee(
        cursor.key.length + cursor.value.length < 2 ** 26,
        () => 'an entry is longer than its file',
      )
    }
    for (let found = cursor.last(); found && count > -ENTRIES_MAX; found = cursor.previous()) count--
    cursor.seek(bytesOfText('key 3'))
  } finally {
    snapshot.release()
  }
}

function writeTo(store: LsmTree): void {
  // Sequence numbers end there.
  if (store.seq > 2 ** 52) return
  const batch = new WriteBatch()
  batch.put(1, bytesOfText('key 3'), new Uint8Array(700).fill(7))
  batch.deleteRange(1, bytesOfText('key 4'), bytesOfText('key 6'))
  const seq = toSeq(store.seq + 1)
  for (const section of batch.sections()) store.apply(section, seq)
  store.compact()
}

const images = new Map<string, DirectoryImage>()

function imageOf(name: string, make: (store: LsmTree, vfs: MemoryVfs) => void): DirectoryImage {
  const known = images.get(name)
  if (known !== undefined) return known
  const vfs = new MemoryVfs()
  const store = LsmTree.open(vfs, DIRECTORY, SIZES)
  make(store, vfs)
  store.close()
  const image = captureImage(vfs, DIRECTORY)
  images.set(name, image)
  return image
}

/** A store with one table, which its manifest names in its state record: of a few entries, of many with an index, of versions and deletes. */
function oneTable(kind: number): DirectoryImage {
  return imageOf(`table ${kind}`, (store, vfs) => {
    const count = [8, 60, 20][kind] ?? 0
    const snapshots = []
    for (let version = 0; version <= kind; version++) {
      apply(store, (batch) => {
        for (let index = 0; index < count; index++) {
          const key = bytesOfText(`key ${index}${index % 12 === 5 ? '.'.repeat(90) : ''}`)
          batch.put(1, key, new Uint8Array(index % 9 === 4 ? 130 : index % 20).fill(version))
        }
        if (kind === 2) batch.delete(1, bytesOfText(`key ${version}`))
        if (version === 1)
          batch.deleteRange(1, bytesOfText('key 5'), version === kind ? undefined : bytesOfText('key 7'))
      })
      snapshots.push(store.snapshot())
    }
    store.checkpoint()
    store.close()
    // An opening writes the whole state.
    LsmTree.open(vfs, DIRECTORY, SIZES).close()
  })
}

/** A store whose manifest has edits: flushed tables, and a compaction that has replaced some. */
function edited(): DirectoryImage {
  return imageOf('edited', (store) => {
    for (let round = 0; round < 6; round++) {
      apply(store, (batch) => {
        for (let index = 0; index < 12; index++) {
          batch.put(1, bytesOfText(`key ${index * 7 + round}`), new Uint8Array(20).fill(round))
        }
        if (round === 2) batch.deleteRange(1, bytesOfText('key 2'), bytesOfText('key 3'))
      })
      if (round === 3) store.compact()
      else store.checkpoint()
    }
  })
}

/** The manifest that an opening of this store writes. */
function wholeState(): Uint8Array {
  const vfs = imageVfs(edited())
  LsmTree.open(vfs, DIRECTORY, SIZES).close()
  return readFile(vfs, MANIFEST)
}

function apply(store: LsmTree, fill: (batch: WriteBatch) => void): void {
  const batch = new WriteBatch()
  fill(batch)
  for (const section of batch.sections()) store.apply(section, toSeq(store.seq + 1))
}

function tablePathOf({ files }: DirectoryImage): string {
  const path = [...files.keys()].find((name) => name.endsWith('.sst'))
  assertGuarantee(path !== undefined, () => 'the sample has no table')
  return path
}

function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
