// The golden streams of backups, read from the document alone, and with a byte changed or cut at any of many places.
import { expect, test } from 'vitest'
import { readCommits } from '../src/backup/commits.js'
import { readBackup } from '../src/backup/series.js'
import { decodeText } from '../src/bytes/byte-view.js'
import { readBackupFile, readStream } from '../src/backup/stream.js'
import { readTree } from '../src/tree/tree.js'
import { flip, readBytes } from './golden-files.js'

const FOLDER = 'packages/core/test/fixtures/streams-v1'
const NAMES = ['1-full.backup', '2-blocks.backup', '3-commits.backup']

function textsOf(entries: readonly { key: Uint8Array; value: Uint8Array }[]): Map<string, string> {
  return new Map(entries.map(({ key, value }) => [decodeText(key), decodeText(value)]))
}

test('the golden streams contain the state of each backup', () => {
  const backups = NAMES.map((name) => readStream(readBytes(`${FOLDER}/${name}`)))
  for (const [index, { manifest }] of backups.entries()) {
    expect(manifest.number).toBe(index + 1)
    expect(manifest.parentId).toBe(backups[index - 1]?.manifest.backupId)
    const chain = backups.slice(0, index + 1).reverse()
    const contents = manifest.files.map((file) => ({ file, bytes: readBackupFile(chain, file) }))
    const logs = contents.filter(({ file }) => file.role === 2)
    const commits = logs.flatMap(({ file, bytes }) => readCommits(bytes, file.number))
    expect(manifest.logSeq + commits.length).toBe(manifest.seq)
    const tree = contents.find(({ file }) => file.role === 3 && file.keyspaceId === 1)
    const read = readTree(tree?.bytes ?? new Uint8Array())
    expect(read.meta.durableSeq).toBe(tree?.file.durableSeq)
    expect(contents.map(({ file }) => file.role)).toEqual(expect.arrayContaining([1, 3, 3, 4]) as unknown)
    const { seq, keyspaces } = readBackup(chain)
    expect(seq).toBe(manifest.seq)
    const [entries, tables] = keyspaces.map((content) => textsOf(content.entries))
    expect(tables?.size).toBe(50)
    expect(entries?.size).toBe(index === 2 ? 302 : 301)
    expect(entries?.get('key 000')).toBe('in the log')
    expect(entries?.get('key 001')).toBe(index === 2 ? 'a commit' : 'value 1')
    expect(entries?.get('key 105')).toBe(index === 0 ? 'value 105' : 'changed 105')
    expect(entries?.get('large 2')).toBe(
      index === 2 ? 'another value of a blob file, '.repeat(200) : undefined,
    )
  }
  const [, blocks, commits] = backups
  const storedOf = (role: number, backup = blocks): number =>
    (backup?.manifest.files ?? [])
      .filter((file) => file.role === role)
      .reduce((sum, { stored }) => sum + stored.filter(Boolean).length, 0)
  expect(storedOf(3)).toBeGreaterThan(0)
  expect(storedOf(3, commits)).toBe(0)
  expect(storedOf(2, commits)).toBe(1)
})

test('a stream that is cut or changed anywhere is refused', () => {
  const bytes = readBytes(`${FOLDER}/3-commits.backup`)
  const refused = expect.objectContaining({
    code: expect.stringMatching(/LDB_(CORRUPTION|FORMAT)/) as string,
  })
  for (let at = 0; at < bytes.length; at += 1) {
    if (at % 7 === 0) expect(() => readStream(flip(bytes, at)), `byte ${at}`).toThrow(refused as Error)
    if (at % 131 === 0)
      expect(() => readStream(bytes.subarray(0, at)), `length ${at}`).toThrow(refused as Error)
  }
})
