import { Buffer } from 'node:buffer'
import type { DumpLine, DumpLines } from '../fields/dump-line.js'
import type { Output } from '../terminal/output.js'

const ROW_BYTES = 8
const OFFSET_DIGITS = 8
/** Rows of one field, without `--full`. */
const ROWS_MAX = 4
/** Rows that are written at once. */
const WRITE_ROWS = 200

/** How a dump is printed. */
export interface DumpFormat {
  /** One JSON object a line, with all bytes of a field. */
  readonly json: boolean
  /** All rows of all fields. */
  readonly full: boolean
}

/** Prints a dump: offset in hexadecimal digits, bytes, name of the field, and value; 80 columns but for long values. */
export async function printDump(lines: DumpLines, format: DumpFormat, output: Output): Promise<void> {
  let rows: string[] = []
  const flush = async (): Promise<void> => {
    await output.text(rows.map((row) => `${row}\n`).join(''))
    rows = []
  }
  for (const line of lines) {
    if (format.json) rows.push(JSON.stringify(jsonOf(line)))
    else rows.push(...rowsOf(line, format.full, output))
    if (rows.length >= WRITE_ROWS) await flush()
  }
  if (rows.length > 0) await flush()
}

function jsonOf(line: DumpLine): object {
  return 'bytes' in line ? { ...line, bytes: Buffer.from(line.bytes).toString('hex') } : line
}

function rowsOf(line: DumpLine, full: boolean, output: Output): string[] {
  const { colours } = output
  if ('title' in line) return ['', colours.bold(line.title)]
  if ('note' in line) return [damageOf(line.note, output)]
  const address = line.offset.toString(16).padStart(OFFSET_DIGITS, '0')
  if ('unit' in line)
    return [
      damageOf(
        `${address}  ${String(line.byteCount).padStart(8)}  ${line.unit.padEnd(12)} ${line.detail}`.trimEnd(),
        output,
      ),
    ]
  const rows = hexRows(line.bytes, full)
  const [first = ''] = rows
  const head = `${colours.dim(address)}  ${first.padEnd(ROW_BYTES * 3)} ${line.field.padEnd(18)} ${damageOf(line.value, output)}`
  return [
    head.trimEnd(),
    ...rows.slice(1).map((row, index) => {
      const at = (line.offset + (index + 1) * ROW_BYTES).toString(16).padStart(OFFSET_DIGITS, '0')
      return row.startsWith('…') ? `${' '.repeat(OFFSET_DIGITS)}  ${row}` : `${colours.dim(at)}  ${row}`
    }),
  ]
}

function hexRows(bytes: Uint8Array, full: boolean): string[] {
  const rowCount = Math.ceil(bytes.length / ROW_BYTES)
  const shownCount =
    full || rowCount <= ROWS_MAX ? rowCount : bytes.every((byte) => byte === 0) ? 1 : ROWS_MAX
  const rows = Array.from({ length: shownCount }, (_, row) =>
    [...bytes.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES)]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(' '),
  )
  const left = bytes.length - shownCount * ROW_BYTES
  return left > 0 ? [...rows, `… ${left} more bytes`] : rows
}

function damageOf(text: string, output: Output): string {
  return text.includes('DAMAGED') ? output.colours.red(text) : text
}
