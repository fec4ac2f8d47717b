import { corruption, toSeq, WriteBatch } from '@ldb/base'
import { BlockCache } from '@ldb/cache'
import type { DataKeys } from '@ldb/integrity'
import { LsmTree } from '@ldb/lsm'
import type { LsmTreeOptions } from '@ldb/lsm'
import { MemoryVfs, OverlayVfs } from '@ldb/vfs'
import { bytesOf, textOf } from '../base/byte-text.js'
import { seededRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'
import { readFile } from '../corruption/directory-image.js'
import { viewOf } from '../corruption/tree-layout.js'
import { tableUnits } from '../fuzz/repair/lsm-repair.js'
import { MemoryFiles } from './memory-files.js'
import { sweepKeys } from './sweep-keys.js'
import { isRefused, reportedBy } from './sweep-target.js'
import type { ByteRange, SweepTarget, TargetFile } from './sweep-target.js'

const DIRECTORY = 'store'
const MANIFEST = `${DIRECTORY}/MANIFEST`
const LAST_SEQ = 3
const HEADER_BYTES = 64
const RECORD_HEADER = 16
const FILE_ID_OFFSET = 24
/** What data units contain. */
const DATA = 1
const SIZES = { memtableBytes: 65_536, blockBytes: 256, tableBytes: 65_536, levelBaseBytes: 65_536 }

type Content = ReadonlyMap<string, string>

/** An LSM tree of two tables: blocks, indexes, filters, range tombstones, properties, a manifest with edits. */
export function lsmTarget(
  seed: number,
  isEncrypted: boolean,
  compression: NonNullable<LsmTreeOptions['compression']>,
): SweepTarget {
  const options = optionsOf(seed, isEncrypted, compression)
  const { vfs, content } = build(seed, options)
  const other = build(seed, options, seed + 1000).vfs
  const store = LsmTree.open(new OverlayVfs(vfs), DIRECTORY, {
    ...options,
    create: false,
    rewriteManifest: 'none',
  })
  const files = new MemoryFiles(vfs)
  const codec = typeof compression === 'object' ? 'own codec' : compression
  return {
    name: `lsm, ${codec}${isEncrypted ? ', encrypted' : ''}, seed ${seed}`,
    files: vfs
      .list(DIRECTORY)
      .map((name) => `${DIRECTORY}/${name}`)
      .map((path) => fileOf(path, readFile(vfs, path), readFile(other, path), options.keys)),
    patch: (path, bytes, start) => {
      files.patch(path, bytes, start)
    },
    truncate: (path, length) => {
      files.truncate(path, length)
    },
    verify: () =>
      reportedBy((sink) => {
        store.verify(sink)
      }),
    read: () =>
      isRefused(() => {
        readAll(vfs, options, content)
      }),
    close: () => {
      store.close()
      files.close()
    },
  }
}

function fileOf(path: string, bytes: Uint8Array, other: Uint8Array, keys: DataKeys | undefined): TargetFile {
  const isManifest = path === MANIFEST
  const units = isManifest
    ? manifestRecords(bytes)
    : tableUnits(bytes, keys?.cipherOf('table', bytes.subarray(FILE_ID_OFFSET, FILE_ID_OFFSET + 16)))
  const live = [{ start: 0, end: HEADER_BYTES }, ...units].sort((a, b) => a.start - b.start)
  const data = units.filter((unit) => 'content' in unit && unit.content === DATA)
  const flipStep = (keys === undefined ? 4 : 12) * (isManifest ? 1 : 2)
  return {
    path,
    bytes,
    live,
    units: live.slice(1),
    groups: [data],
    foreign: [other],
    flipStep,
    mustReportCuts: true,
  }
}

function manifestRecords(bytes: Uint8Array): ByteRange[] {
  const view = viewOf(bytes)
  const records: ByteRange[] = []
  for (let start = HEADER_BYTES; start + RECORD_HEADER <= bytes.length;) {
    const end = start + RECORD_HEADER + view.getUint32(start, true)
    records.push({ start, end })
    start = Math.ceil(end / 8) * 8
  }
  return records
}

function optionsOf(
  seed: number,
  isEncrypted: boolean,
  compression: NonNullable<LsmTreeOptions['compression']>,
): LsmTreeOptions {
  const options = { ...SIZES, compression, cache: new BlockCache(65_536) }
  return isEncrypted ? { ...options, keys: sweepKeys(seed) } : options
}

function build(
  seed: number,
  options: LsmTreeOptions,
  idSeed: number = seed,
): { vfs: MemoryVfs; content: Content } {
  const random = seededRandom(seed)
  const vfs = new MemoryVfs({ seed: idSeed })
  const store = LsmTree.open(vfs, DIRECTORY, options)
  const content = new Map<string, string>()
  const put = (batch: WriteBatch, key: string, value: string): void => {
    batch.put(1, bytesOf(key), bytesOf(value))
    content.set(key, value)
  }
  for (let seq = 1; seq <= LAST_SEQ; seq++) {
    const batch = new WriteBatch()
    for (let index = 0; index < 60; index++)
      put(batch, `key ${random.below(140)}`, `value ${seq} `.repeat(1 + random.below(6)))
    if (seq === LAST_SEQ) {
      batch.deleteRange(1, bytesOf('key 2'), bytesOf('key 25'))
      for (const key of content.keys()) if (key >= 'key 2' && key < 'key 25') content.delete(key)
      put(batch, `key 21${'.'.repeat(80)}`, 'behind the range')
    }
    for (const section of batch.sections()) store.apply(section, toSeq(seq))
    store.checkpoint()
    if (seq === 2) store.compact()
  }
  store.close()
  return { vfs, content: new Map([...content].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

function readAll(vfs: MemoryVfs, options: LsmTreeOptions, content: Content): void {
  const store = LsmTree.open(new OverlayVfs(vfs), DIRECTORY, {
    ...options,
    create: false,
    rewriteManifest: 'none',
  })
  const snapshot = store.snapshot()
  try {
    // A manifest whose last edit is lost is an older state. The owner, who knows the newest one from its log, refuses it.
    if (store.durableSeq < LAST_SEQ) throw corruption(MANIFEST, 0, 'the newest checkpoint is lost')
    const expected = [...content]
    let index = 0
    const cursor = snapshot.cursor()
    for (let found = cursor.first(); found; found = cursor.next()) {
      const [key, value] = expected[index++] ?? []
      assertGuarantee(textOf(cursor.key) === key, () => `a scan returns another key than ${String(key)}`)
      assertGuarantee(textOf(cursor.value) === value, () => `a scan returns another value of ${String(key)}`)
    }
    assertGuarantee(index === expected.length, () => `a scan returns ${index} entries of ${expected.length}`)
  } finally {
    snapshot.release()
    store.close()
  }
}
