import type { Finding } from '../finding.js'

/** A table of FORMAT.md that draws bytes. */
export interface FormatTable {
  /** Title of the section it stands in. */
  readonly title: string
  readonly line: number
  readonly rows: readonly FormatRow[]
}

/** A field of fixed offset. */
export interface FormatRow {
  readonly offset: number
  /** `undefined` where the length varies. */
  readonly size: number | undefined
  readonly type: string
  readonly field: string
  readonly line: number
}

/**
 * Which constant holds the offset of a field, where it is not `<SECTION>_<FIELD>_OFFSET`: by package and section,
 * `*` stands for the field in capitals, `.*` for a property of that name.
 */
export const CONSTANT_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '@ldb/base': { 'Section header': 'SECTION_*_OFFSET' },
  '@ldb/wal': { 'Segment header': 'HEADER_*', Seal: 'SEAL_*', Record: 'RECORD_*' },
  '@ldb/blob': {
    'File header': 'HEADER_*',
    'Index entry': 'INDEX_*',
    Record: 'RECORD_*',
    Reference: 'REFERENCE_*',
  },
  '@ldb/core': {
    'Catalog root': 'CATALOG_OFFSET_*',
    'Keyspace record': 'KEYSPACE_OFFSET_*',
    'Section of the B+tree': 'BTREE_SECTION_OFFSET_*',
    'Value header': 'VALUE_HEADER_OFFSET_*',
    'Checkpoint record': 'CHECKPOINT_OFFSET_*',
    'Checkpoint entry': 'ENTRY_OFFSET_*',
    'Catalog record': 'CATALOG_RECORD_OFFSET_*',
    'Keyspace change': 'KEYSPACE_CHANGE_OFFSET_*',
    'Backup manifest': 'BACKUP_OFFSET_*',
    'File of a backup': 'FILE_OFFSET_*',
    'Commit of a backup': 'LOG_COMMIT_OFFSET_*',
    'Stream of a backup': 'STREAM_OFFSET_*',
    'Section of a stream': 'STREAM_SECTION_OFFSET_*',
    'End of a stream': 'STREAM_END_OFFSET_*',
    'Archive file': 'ARCHIVE_OFFSET_*',
    'Frame of an archive': 'FRAME_OFFSET_*',
    'Bytes of a blob file': 'BLOB_BYTES_OFFSET_*',
    'Key file': 'KEYS_OFFSET_*',
    'Key entry': 'KEY_ENTRY_OFFSET_*',
  },
}

const SIZE_OF_TYPE: Readonly<Record<string, number>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
}

/** Finds the tables whose columns are OFFSET, SIZE, TYPE, FIELD, MEANING. */
export function parseFormatTables(markdown: string): FormatTable[] {
  const tables: { title: string; line: number; rows: FormatRow[] }[] = []
  let title = ''
  let open = false
  markdown.split('\n').forEach((text, index) => {
    const heading = /^#+ (.*)$/.exec(text)
    if (heading?.[1] !== undefined) title = heading[1].trim()
    const cells = text.startsWith('|')
      ? text
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim())
      : []
    if (cells.slice(0, 4).join() === 'OFFSET,SIZE,TYPE,FIELD') {
      tables.push({ title, line: index + 1, rows: [] })
      open = true
    } else if (cells.length === 0) {
      open = false
    } else if (open && /^\d+$/.test(cells[0] ?? '')) {
      const [offset, size = '', type = '', field = ''] = cells
      tables.at(-1)?.rows.push({
        offset: Number(offset),
        size: /^[\d,]+$/.test(size) ? Number(size.replaceAll(',', '')) : undefined,
        type: type.replaceAll('`', ''),
        field: field.replaceAll('`', ''),
        line: index + 1,
      })
    }
  })
  return tables
}

/** Fields follow each other without gap or overlap, and are as long as their type says. */
export function checkTableShape(path: string, table: FormatTable): Finding[] {
  const findings: Finding[] = []
  let next: number | undefined = table.rows[0]?.offset
  for (const { offset, size, type, field, line } of table.rows) {
    const place = `${path}:${line}`
    if (next !== undefined && offset !== next) {
      findings.push({ place, message: `${field} is at ${offset}; the field before it ends at ${next}` })
    }
    const expected = SIZE_OF_TYPE[type]
    if (expected !== undefined && size !== expected) {
      findings.push({ place, message: `${field} is a ${type}, which has ${expected} bytes` })
    }
    next = size === undefined ? undefined : offset + size
  }
  return findings
}

/** Each offset in a table is that of the constant in the code. */
export function checkTableConstants(
  path: string,
  table: FormatTable,
  constants: Readonly<Record<string, unknown>>,
  pattern: string = `${inCapitals(table.title)}_*_OFFSET`,
): Finding[] {
  return table.rows.flatMap(({ field, offset, line }) => {
    const name = pattern.replace('*', pattern.includes('.*') ? field : inCapitals(field))
    const [outer = '', inner] = name.split('.')
    const held = constants[outer]
    const value = inner === undefined ? held : (held as Record<string, unknown> | undefined)?.[inner]
    if (value === offset) return []
    const actual = value === undefined ? 'is not exported' : `is ${JSON.stringify(value)}`
    return [{ place: `${path}:${line}`, message: `${field} is at ${offset}, but ${name} ${actual}` }]
  })
}

/** `Section header`, `keyspaceId` → `SECTION_HEADER`, `KEYSPACE_ID`. */
function inCapitals(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .toUpperCase()
}
