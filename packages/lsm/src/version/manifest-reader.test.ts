import { ResumableTask } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import type { TableMeta } from '../table/table-meta.js'
import { readManifest } from './manifest-reader.js'
import type { ManifestEdit } from './manifest-record.js'
import { ManifestWriter } from './manifest-writer.js'

const meta: TableMeta = {
  number: 7,
  fileId: new Uint8Array(16),
  fileBytes: 1000,
  rawBytes: 1000,
  codecId: 0,
  lower: Uint8Array.of(1),
  upper: undefined,
  entryCount: 10,
  deleteCount: 0,
  tombstoneCount: 0,
  minStamp: 1,
  maxStamp: 50,
}
const state: ManifestEdit = {
  durableSeq: 3,
  stamp: 50,
  nextNumber: 8,
  segmentId: new Uint8Array(16),
  removed: [],
  added: [{ level: 6, meta }],
}

function written(edit: ManifestEdit): MemoryVfs {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('store')
  const writer = new ManifestWriter(vfs, 'store', new Uint8Array(16), false)
  new ResumableTask(writer.replace(edit)).sync()
  writer.close()
  return vfs
}

test('a manifest is read as it was written', () => {
  const { tables, durableSeq, stamp, nextNumber } = readManifest(written(state), 'store/MANIFEST')
  expect({ tables, durableSeq, stamp, nextNumber }).toEqual({
    tables: [{ level: 6, meta }],
    durableSeq: 3,
    stamp: 50,
    nextNumber: 8,
  })
})

test.each([
  ['its stamps', { ...state, stamp: 49 }],
  ['its number', { ...state, nextNumber: 7 }],
])('a table that is newer than its state is corruption: %s', (_, edit) => {
  expect(() => readManifest(written(edit), 'store/MANIFEST')).toThrow(/newer than its state/)
})
