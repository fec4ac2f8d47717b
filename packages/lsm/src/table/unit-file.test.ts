import { CodecTable } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { UnitContent } from '../format.js'
import type { UnitHandle } from './handle.js'
import { UnitFile } from './unit-file.js'
import { UnitWriter } from './unit-writer.js'

const IDS = { fileId: new Uint8Array(16).fill(1), storeId: new Uint8Array(16).fill(2) }

/** Writes units with payloads of 100 bytes, changes the bytes of the file, and opens it. */
function fileOf(
  contents: readonly UnitContent[],
  change: (bytes: Uint8Array, handles: readonly UnitHandle[]) => void,
): { readonly file: UnitFile; readonly handles: readonly UnitHandle[] } {
  const vfs = new MemoryVfs()
  const written = vfs.open('table', 'create')
  const writer = new UnitWriter(written, IDS)
  const handles = contents.map((content, index) =>
    writer.append(content, 100, (target, start) => {
      target.fill(index, start, start + 100)
      return start + 100
    }),
  )
  writer.flush()
  const bytes = new Uint8Array(written.length())
  written.read(bytes, 0, bytes.length, 0)
  change(bytes, handles)
  written.write(bytes, 0, bytes.length, 0)
  return { file: new UnitFile(vfs, 'table', IDS.fileId, bytes.length, new CodecTable()), handles }
}

test('a unit is read as it was written', () => {
  const { file, handles } = fileOf([UnitContent.Data, UnitContent.Filter], () => undefined)
  expect(file.read(handles[0]!, UnitContent.Data)).toEqual(new Uint8Array(100).fill(0))
  expect(file.read(handles[1]!, UnitContent.Filter)).toEqual(new Uint8Array(100).fill(1))
})

test('an intact unit in the place of another one is corruption', () => {
  const { file, handles } = fileOf([UnitContent.Data, UnitContent.Data], (bytes, [first, second]) => {
    bytes.copyWithin(first!.fileOffset, second!.fileOffset, second!.fileOffset + second!.storedBytes)
  })
  expect(() => file.read(handles[0]!, UnitContent.Data)).toThrow(/another place/)
  expect(file.read(handles[1]!, UnitContent.Data)).toHaveLength(100)
})

test('a unit of another content, a longer one and a damaged one are corruption', () => {
  const { file, handles } = fileOf([UnitContent.Data, UnitContent.Data], (bytes, [, second]) => {
    bytes[second!.fileOffset]! ^= 1
  })
  const [first, second] = handles
  expect(() => file.read(first!, UnitContent.Index)).toThrow(/trailer/)
  expect(() => file.read({ ...first!, storedBytes: first!.storedBytes + 1 }, UnitContent.Data)).toThrow(
    /checksum/,
  )
  expect(() => file.read({ ...second!, storedBytes: 10_000 }, UnitContent.Data)).toThrow(/ends within/)
  expect(() => file.read(second!, UnitContent.Data)).toThrow(/checksum/)
})
