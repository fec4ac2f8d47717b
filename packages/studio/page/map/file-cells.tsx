import { useState } from 'preact/hooks'
import { humanBytes } from '../value-text.js'
import { describe, positionText } from './map-data.js'
import type { MapFile } from './map-data.js'

const COLUMNS = 64
/** Rows of the table. */
const RANGES_MAX = 500

interface Properties {
  readonly file: MapFile
  readonly uses: readonly string[]
}

/** A file by position: each cell is the same number of bytes. Arrow keys move over the cells, each of which has a text. */
export function FileCells({ file, uses }: Properties) {
  const [active, setActive] = useState(0)
  const { cells, cellBytes } = file
  const id = `cells-${file.file.replaceAll(/\W/g, '-')}`
  const textOf = (index: number): string => {
    const cell = cells[index]
    return cell === undefined
      ? ''
      : `Bytes ${positionText(file, index)}: ${describe(cell, uses, cell.dirtyBytes)}`
  }
  const move = (event: KeyboardEvent): void => {
    const target = targetOf(event, active, cells.length)
    if (target === undefined) return
    event.preventDefault()
    setActive(target)
  }
  const rows = Array.from({ length: Math.ceil(cells.length / COLUMNS) }, (_, row) => row * COLUMNS)
  return (
    <div class="file">
      <h3>
        {file.file} <small>{`${humanBytes(file.byteCount)} · a cell is ${humanBytes(cellBytes)}`}</small>
      </h3>
      <div
        class="cells"
        role="grid"
        tabIndex={0}
        aria-label={`${file.file} by position: arrow keys move over the cells`}
        aria-activedescendant={`${id}-${active}`}
        aria-describedby={`${id}-text`}
        onKeyDown={move}
      >
        {rows.map((start) => (
          <div role="row" key={start}>
            {cells.slice(start, start + COLUMNS).map(({ state }, offset) => {
              const index = start + offset
              return (
                <span
                  key={index}
                  id={`${id}-${index}`}
                  role="gridcell"
                  class={`cell ${state}`}
                  aria-label={`${state}. ${textOf(index)}`}
                  aria-selected={index === active}
                  onClick={() => setActive(index)}
                />
              )
            })}
          </div>
        ))}
      </div>
      <p class="hint" id={`${id}-text`}>
        {textOf(active)}
      </p>
      <RangeTable file={file} uses={uses} />
    </div>
  )
}

function targetOf(event: KeyboardEvent, active: number, count: number): number | undefined {
  const row = active - (active % COLUMNS)
  const targets: Readonly<Record<string, number>> = {
    ArrowRight: active + 1,
    ArrowLeft: active - 1,
    ArrowDown: active + COLUMNS,
    ArrowUp: active - COLUMNS,
    PageDown: active + 8 * COLUMNS,
    PageUp: active - 8 * COLUMNS,
    Home: event.ctrlKey ? 0 : row,
    End: event.ctrlKey ? count - 1 : row + COLUMNS - 1,
  }
  const target = targets[event.key]
  return target === undefined ? undefined : Math.max(0, Math.min(count - 1, target))
}

/** The same file as a table: consecutive cells of one state are a row. */
function RangeTable({ file, uses }: Properties) {
  const [isOpen, setOpen] = useState(false)
  const { cells } = file
  const ranges: { start: number; count: number }[] = []
  cells.forEach(({ state }, index) => {
    const last = ranges.at(-1)
    if (last !== undefined && cells[last.start]?.state === state) last.count++
    else ranges.push({ start: index, count: 1 })
  })
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{file.file} as a table</summary>
      {isOpen && (
        <table>
          <caption>{file.file}: consecutive bytes of one state</caption>
          <thead>
            <tr>
              <th scope="col">Bytes</th>
              <th scope="col">State</th>
              <th scope="col">Uses</th>
            </tr>
          </thead>
          <tbody>
            {ranges.slice(0, RANGES_MAX).map(({ start, count }) => {
              const part = cells.slice(start, start + count)
              const amounts = uses.map((_use, use) =>
                part.reduce((sum, cell) => sum + (cell.amounts[use] ?? 0), 0),
              )
              const findingCount = part.reduce((sum, cell) => sum + cell.findingCount, 0)
              const dirtyBytes = part.reduce((sum, cell) => sum + cell.dirtyBytes, 0)
              const state = part[0]?.state ?? 'free'
              return (
                <tr key={start}>
                  <td>{positionText(file, start, count)}</td>
                  <td>{state}</td>
                  <td>{describe({ amounts, findingCount, state }, uses, dirtyBytes)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {isOpen && ranges.length > RANGES_MAX && (
        <p class="hint">and {ranges.length - RANGES_MAX} more ranges</p>
      )}
    </details>
  )
}
