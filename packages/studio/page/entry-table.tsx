import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { extendWindow, openWindow } from './row-window.js'
import type { RowWindow } from './row-window.js'
import type { Row } from './server-calls.js'
import { bytesOf, humanBytes, showValue } from './value-text.js'
import type { ValueFormat } from './value-text.js'

const ROW_PIXELS = 28
/** Rows drawn above and below the visible ones. */
const MARGIN_ROWS = 10
/** A page is read when fewer rows than this lie before the edge. */
const NEAR_ROWS = 60

interface Properties {
  readonly keyspace: string
  readonly prefix: string
  readonly seek: string
  readonly isAtEnd: boolean
  readonly format: ValueFormat
  /** Changes when the entries must be read again. */
  readonly version: number
  readonly selected: string | undefined
  readonly onSelect: (row: Row) => void
  readonly onError: (error: unknown) => void
}

/** A grid of which only the visible rows are in the document. Arrow keys, Page Up and Down, Home and End move the selection. */
export function EntryTable(properties: Properties) {
  const { keyspace, prefix, seek, isAtEnd, format, version, selected, onSelect, onError } = properties
  const [window, setWindow] = useState<RowWindow>()
  const [top, setTop] = useState(0)
  const scroller = useRef<HTMLDivElement>(null)
  const isReading = useRef(false)
  const wantedTop = useRef<number | undefined>(undefined)

  useEffect(() => {
    let isCurrent = true
    openWindow(keyspace, prefix, seek, isAtEnd).then((opened) => {
      if (!isCurrent) return
      wantedTop.current = isAtEnd ? opened.rows.length * ROW_PIXELS : 0
      setWindow(opened)
    }, onError)
    return () => {
      isCurrent = false
    }
  }, [keyspace, prefix, seek, isAtEnd, version])

  // The scroll position follows the rows, before the browser paints.
  useLayoutEffect(() => {
    if (wantedTop.current === undefined || scroller.current === null) return
    scroller.current.scrollTop = wantedTop.current
    setTop(scroller.current.scrollTop)
    wantedTop.current = undefined
  }, [window])

  const rows = window?.rows ?? []
  const isWhole = prefix === '' && seek === ''
  const height = scroller.current?.clientHeight ?? 600
  const first = Math.max(0, Math.floor(top / ROW_PIXELS) - MARGIN_ROWS)
  const last = Math.min(rows.length, Math.ceil((top + height) / ROW_PIXELS) + MARGIN_ROWS)

  const extend = (isBackward: boolean): void => {
    if (window === undefined || isReading.current) return
    isReading.current = true
    extendWindow(window, isBackward)
      .then(({ window: next, shift }) => {
        wantedTop.current = (scroller.current?.scrollTop ?? 0) + shift * ROW_PIXELS
        setWindow(next)
      }, onError)
      .finally(() => {
        isReading.current = false
      })
  }
  const onScroll = (): void => {
    const position = scroller.current?.scrollTop ?? 0
    setTop(position)
    const firstVisible = position / ROW_PIXELS
    if (window?.hasBefore === true && firstVisible < NEAR_ROWS) extend(true)
    else if (window?.hasAfter === true && rows.length - (position + height) / ROW_PIXELS < NEAR_ROWS)
      extend(false)
  }
  const move = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(height / ROW_PIXELS) - 1)
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -rows.length,
      End: rows.length,
    }
    const step = steps[event.key]
    if (step === undefined || rows.length === 0) return
    event.preventDefault()
    const at = rows.findIndex(({ key }) => key === selected)
    const target = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))
    const row = rows[target]
    if (row === undefined || scroller.current === null) return
    onSelect(row)
    const pixels = target * ROW_PIXELS
    const { scrollTop } = scroller.current
    if (pixels < scrollTop) scroller.current.scrollTop = pixels
    else if (pixels + 2 * ROW_PIXELS > scrollTop + height)
      scroller.current.scrollTop = pixels + 2 * ROW_PIXELS - height
  }
  // Only visible rows are in the document.
  const isSelectedVisible = rows.slice(first, last).some(({ key }) => key === selected)
  const selectedId = isSelectedVisible ? 'selected-row' : undefined
  const emptyText = isWhole ? 'This keyspace is empty.' : 'No entries in this range.'
  return (
    <div class="table">
      {window !== undefined && rows.length === 0 && (
        <p class="empty" role="status">
          {emptyText}
        </p>
      )}
      <div
        class="grid"
        role="grid"
        tabIndex={0}
        aria-label={`Entries of ${keyspace}: arrow keys select one`}
        aria-rowcount={-1}
        aria-activedescendant={selectedId}
        onKeyDown={move}
      >
        <div class="row head" role="row">
          <span role="columnheader">Key</span>
          <span role="columnheader">Value</span>
          <span role="columnheader">Size</span>
        </div>
        <div class="scroller" ref={scroller} tabIndex={0} role="rowgroup" onScroll={onScroll}>
          <div class="spacer" role="presentation" style={{ height: `${rows.length * ROW_PIXELS}px` }}>
            {rows.slice(first, last).map((row, index) => (
              <div
                key={row.key}
                class={`row${row.key === selected ? ' selected' : ''}`}
                id={row.key === selected ? 'selected-row' : undefined}
                role="row"
                aria-selected={row.key === selected}
                style={{ transform: `translateY(${(first + index) * ROW_PIXELS}px)` }}
                onClick={() => onSelect(row)}
              >
                <span role="gridcell">{row.text}</span>
                <span role="gridcell">
                  {row.preview === '' && row.valueBytes > 0
                    ? '(large value: select the entry)'
                    : showValue(bytesOf(row.preview), format, false)}
                </span>
                <span role="gridcell">{humanBytes(row.valueBytes)}</span>
              </div>
            ))}
          </div>
        </div>
      </div>
    </div>
  )
}
