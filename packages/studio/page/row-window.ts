import { call } from './server-calls.js'
import type { Row } from './server-calls.js'

const PAGE_ROWS = 200
/** Rows in memory. Those at the other end are dropped, and read again when the user comes back. */
const ROWS_MAX = 2000

interface Page {
  readonly rows: Row[]
  readonly hasMore: boolean
}

/** What the table shows: consecutive rows of a keyspace, with more before and after them. */
export interface RowWindow {
  readonly keyspace: string
  readonly prefix: string
  readonly rows: readonly Row[]
  readonly hasBefore: boolean
  readonly hasAfter: boolean
}

/** Reads the rows from a key on, from the first one, or up to the last one. */
export async function openWindow(
  keyspace: string,
  prefix: string,
  seek: string,
  isAtEnd: boolean,
): Promise<RowWindow> {
  const common = { keyspace, prefix, limit: PAGE_ROWS }
  if (isAtEnd) {
    const { rows, hasMore } = await call<Page>('entries', { ...common, backward: true })
    return { keyspace, prefix, rows, hasBefore: hasMore, hasAfter: false }
  }
  const page = await call<Page>('entries', { ...common, seek })
  let hasBefore = false
  if (seek !== '') {
    const before = await call<Page>('entries', { ...common, limit: 1, seek, backward: true })
    hasBefore = before.rows.length > 0
  }
  return { keyspace, prefix, rows: page.rows, hasBefore, hasAfter: page.hasMore }
}

/** Returns the window with one more page at an end, and how many rows now lie before the former first one (negative: dropped). */
export async function extendWindow(
  window: RowWindow,
  isBackward: boolean,
): Promise<{ window: RowWindow; shift: number }> {
  const { rows, keyspace, prefix } = window
  const edge = rows.at(isBackward ? 0 : -1)
  if (edge === undefined) return { window, shift: 0 }
  const page = await call<Page>('entries', {
    keyspace,
    prefix,
    limit: PAGE_ROWS,
    from: edge.key,
    backward: isBackward,
  })
  if (isBackward) {
    const all = [...page.rows, ...rows]
    const kept = all.slice(0, ROWS_MAX)
    const hasAfter = window.hasAfter || kept.length < all.length
    return { window: { ...window, rows: kept, hasBefore: page.hasMore, hasAfter }, shift: page.rows.length }
  }
  const all = [...rows, ...page.rows]
  const kept = all.slice(-ROWS_MAX)
  const dropped = all.length - kept.length
  return {
    window: { ...window, rows: kept, hasBefore: window.hasBefore || dropped > 0, hasAfter: page.hasMore },
    shift: -dropped,
  }
}
