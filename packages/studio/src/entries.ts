import { equalBytes } from '@ldb/base'
import type { AsyncKeyspaceReads } from '@ldb/core'
import { fromBase64, keyBytes, keyText, toBase64 } from './entry-text.js'
import { count, flag, optionalText, text } from './request-fields.js'
import type { Fields } from './request-fields.js'
import { RequestError } from './session.js'
import type { OpenKeyspace, Session } from './session.js'

/** Entries of one response. */
const ROWS_MAX = 500
/** Bytes of values of one response: a page of large values has fewer rows. */
const PAGE_BYTES = 16_777_216
/** Bytes of a value that a row of the table shows. */
const PREVIEW_BYTES = 160
/** A row shows nothing of a larger value, so that a page of them is not read. */
const PART_BYTES = 1_048_576
/** Bytes of a value that the panel shows and edits. */
const VALUE_BYTES = 1_048_576

/** A row of the table. Keys and values are base64. */
export interface Row {
  readonly key: string
  readonly text: string
  /** The first bytes of the value. */
  readonly preview: string
  readonly valueBytes: number
}

/**
 * Returns a page of a key range: the entries after a key or before it, in key order in both cases. The cost is that of the page, wherever
 * it lies: a key is sought, never an offset.
 */
export async function entriesPage(session: Session, fields: Fields): Promise<object> {
  const { bytes, descriptor } = await session.keyspace(text(fields, 'keyspace'))
  const limit = count(fields, 'limit', ROWS_MAX)
  const isBackward = flag(fields, 'backward')
  const bound = boundOf(fields, descriptor.keys, isBackward)
  const prefix = optionalText(fields, 'prefix')
  const range = {
    ...bound,
    ...(prefix === undefined || prefix === '' ? {} : { prefix: keyBytes(prefix, descriptor.keys) }),
    reverse: isBackward,
    limit: limit + 1,
  }
  const rows: Row[] = []
  let byteCount = 0
  await using snapshot = session.database.snapshot()
  const reads = snapshot.in(bytes)
  for await (const key of reads.keys(range)) {
    const { begin, valueBytes } = await beginOfValue(reads, key, PART_BYTES)
    rows.push({
      key: toBase64(key),
      text: keyText(key, descriptor.keys),
      preview: toBase64(begin.subarray(0, PREVIEW_BYTES)),
      valueBytes,
    })
    byteCount += begin.length
    if (byteCount >= PAGE_BYTES) break
  }
  const hasMore = rows.length > limit || byteCount >= PAGE_BYTES
  if (rows.length > limit) rows.pop()
  return { rows: isBackward ? rows.reverse() : rows, hasMore }
}

/** A key of a row excludes it; a key that was typed is included. */
function boundOf(fields: Fields, encoding: string, isBackward: boolean): object {
  const from = optionalText(fields, 'from')
  if (from !== undefined) return isBackward ? { lt: fromBase64(from) } : { gt: fromBase64(from) }
  const typed = optionalText(fields, 'seek')
  if (typed === undefined || typed === '') return {}
  return isBackward ? { lt: keyBytes(typed, encoding) } : { gte: keyBytes(typed, encoding) }
}

/** Returns a whole value, up to 1 MiB of it. */
export async function wholeValue(session: Session, fields: Fields): Promise<object> {
  const { bytes } = await session.keyspace(text(fields, 'keyspace'))
  const key = fromBase64(text(fields, 'key'))
  if (!(await bytes.has(key))) throw new RequestError(404, 'the key is absent')
  const { begin, valueBytes } = await beginOfValue(bytes, key, Infinity)
  const value = begin.subarray(0, VALUE_BYTES)
  return { value: toBase64(value), valueBytes, isWhole: valueBytes <= VALUE_BYTES }
}

/**
 * Reads the first part of a value, which is all of a value up to a MiB: the rest of a larger one is not read.
 *
 * @param bytesMax - nothing of a value beyond it is read.
 */
async function beginOfValue(
  reads: AsyncKeyspaceReads<Uint8Array, Uint8Array>,
  key: Uint8Array,
  bytesMax: number,
): Promise<{ readonly begin: Uint8Array; readonly valueBytes: number }> {
  const stream = await reads.getStream(key)
  if (stream === undefined) return { begin: new Uint8Array(), valueBytes: 0 }
  const valueBytes = stream.byteLength
  const part = valueBytes > bytesMax ? undefined : await stream.next()
  await stream.return()
  return { begin: part?.value ?? new Uint8Array(), valueBytes }
}

/**
 * Writes or deletes an entry in a transaction. The value must be the one that the page has shown, so that no change of another writer is
 * overwritten unseen.
 */
export async function editEntry(session: Session, fields: Fields, isDelete: boolean): Promise<object> {
  const { bytes, descriptor } = await session.keyspace(text(fields, 'keyspace'))
  const key = editedKey(fields, descriptor.keys)
  const expected = optionalText(fields, 'expected')
  const value = isDelete ? undefined : checkedValue(text(fields, 'value'), { descriptor, bytes })
  await session.database.transaction(async (transaction) => {
    const target = transaction.in(bytes)
    const current = await target.get(key)
    const shown = expected === undefined ? undefined : fromBase64(expected)
    const isSame =
      current === undefined || shown === undefined ? current === shown : equalBytes(current, shown)
    if (!isSame) throw new RequestError(409, 'the entry was changed meanwhile: it was not written')
    if (value === undefined) await target.delete(key)
    else await target.put(key, value)
  })
  return { seq: session.database.seq }
}

function editedKey(fields: Fields, encoding: string): Uint8Array {
  const key = optionalText(fields, 'key')
  return key === undefined ? keyBytes(text(fields, 'newKey'), encoding) : fromBase64(key)
}

/** A value that its encoding cannot read would make the entry unreadable for programs. */
function checkedValue(base64: string, { descriptor }: OpenKeyspace): Uint8Array {
  const value = fromBase64(base64)
  if (descriptor.values !== 'json') return value
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value))
    return value
  } catch {
    throw new RequestError(400, 'values of this keyspace are JSON')
  }
}
