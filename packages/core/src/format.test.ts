import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as format from './format.js'

interface Row {
  readonly offset: number
  readonly size: number
  readonly field: string
}

const text = readFileSync(new URL('../FORMAT.md', import.meta.url), 'utf8')

/** Returns the table below a heading of FORMAT.md. */
function tableOf(heading: string): Row[] {
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| +(\d+) +\| +(\d+) +\| +(\w+) +\| +(\w+) +\|/gm)].map((match) => ({
    offset: Number(match[1]),
    size: Number(match[2]),
    field: String(match[4]),
  }))
}

function constantOf(prefix: string, field: string): unknown {
  const name = `${prefix}_OFFSET_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
  return (format as unknown as Record<string, unknown>)[name]
}

describe('FORMAT.md and format.ts (D4)', () => {
  it.each([
    ['Catalog root', 'CATALOG', format.CATALOG_ROOT_END],
    ['Keyspace record', 'KEYSPACE', format.KEYSPACE_RECORD_BYTES],
    ['Section of the B+tree', 'BTREE_SECTION', format.BTREE_SECTION_BYTES],
    ['Value header', 'VALUE_HEADER', format.VALUE_HEADER_BYTES],
    ['Checkpoint record', 'CHECKPOINT', format.CHECKPOINT_RECORD_BYTES],
    ['Checkpoint entry', 'ENTRY', format.CHECKPOINT_ENTRY_BYTES],
    ['Catalog record', 'CATALOG_RECORD', format.CATALOG_RECORD_BYTES],
    ['Keyspace change', 'KEYSPACE_CHANGE', format.KEYSPACE_CHANGE_BYTES],
    ['Backup manifest', 'BACKUP', format.BACKUP_ROOT_END],
    ['File of a backup', 'FILE', format.FILE_ENTRY_BYTES],
    ['Commit of a backup', 'LOG_COMMIT', format.LOG_COMMIT_BYTES],
    ['Stream of a backup', 'STREAM', format.STREAM_HEADER_BYTES],
    ['Section of a stream', 'STREAM_SECTION', format.STREAM_SECTION_BYTES],
    ['End of a stream', 'STREAM_END', format.STREAM_END_BYTES],
    ['Archive file', 'ARCHIVE', format.ARCHIVE_HEADER_BYTES],
    ['Frame of an archive', 'FRAME', format.FRAME_BYTES],
    ['Bytes of a blob file', 'BLOB_BYTES', format.BLOB_BYTES_HEADER_BYTES],
    ['Key file', 'KEYS', format.KEYS_OFFSET_ENTRIES],
    ['Key entry', 'KEY_ENTRY', format.KEY_ENTRY_BYTES],
  ])('agree on the %s', (heading, prefix, end) => {
    const rows = tableOf(heading)
    expect(rows.length).toBeGreaterThan(0)
    let at = rows[0]?.offset
    for (const { offset, size, field } of rows) {
      expect(offset, field).toBe(at)
      expect(constantOf(prefix, field), field).toBe(offset)
      at = offset + size
    }
    expect(at).toBe(end)
  })

  it('agree on the types of log records', () => {
    const rows = [
      ...text.matchAll(/^\| +(\d+) +\| +(Load|Commit|Checkpoint|Catalog|BlobCommit|Keyspace) +\|/gm),
    ]
    expect(Object.fromEntries(rows.map((row) => [row[2], Number(row[1])]))).toEqual(format.LogRecordType)
  })
})
