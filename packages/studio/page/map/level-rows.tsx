import { useState } from 'preact/hooks'
import { humanBytes } from '../value-text.js'
import { describe, keysText } from './map-data.js'
import type { MapPart, MapTable } from './map-data.js'

const LANE_PIXELS = 16
/** Share of the key space that the narrowest table is drawn with. */
const SHARE_MIN = 0.004

interface Level {
  readonly name: string
  readonly tables: readonly MapTable[]
  /** The lane of each table: tables of a lane do not overlap. */
  readonly lanes: readonly number[]
}

/** The tables of an LSM tree: a row for each level, in which a table lies where its keys do. Arrow keys move over the tables. */
export function LevelRows({ part, uses }: { readonly part: MapPart; readonly uses: readonly string[] }) {
  const [active, setActive] = useState<readonly [level: number, table: number]>([0, 0])
  const levels = levelsOf(part.tables)
  const id = `levels-${part.name.replaceAll(/\W/g, '-')}`
  const textOf = (table: MapTable | undefined): string =>
    table === undefined ? '' : `${table.file}, ${humanBytes(table.byteCount)}: ${describe(table, uses, 0)}`
  const current = levels[active[0]]?.tables[active[1]]
  const move = (event: KeyboardEvent): void => {
    const target = targetOf(event.key, active, levels)
    if (target === undefined) return
    event.preventDefault()
    setActive(target)
  }
  if (levels.length === 0) return <p class="hint">No tables: all entries are in memory and in the log.</p>
  return (
    <div class="file">
      <div
        class="levels"
        role="grid"
        tabIndex={0}
        aria-label={`${part.name} by level and key range: arrow keys move over the tables`}
        aria-activedescendant={`${id}-${active[0]}-${active[1]}`}
        aria-describedby={`${id}-text`}
        onKeyDown={move}
      >
        {levels.map(({ name, tables, lanes }, row) => (
          <div role="row" class="level" key={name}>
            <span role="rowheader">{name}</span>
            <span
              class="lanes"
              role="presentation"
              style={{ height: `${(Math.max(...lanes) + 1) * LANE_PIXELS}px` }}
            >
              {tables.map((table, index) => (
                <span
                  key={table.file}
                  id={`${id}-${row}-${index}`}
                  role="gridcell"
                  class={`cell ${table.state}`}
                  style={{
                    left: `${table.left * 100}%`,
                    width: `${Math.max(SHARE_MIN, table.right - table.left) * 100}%`,
                    top: `${(lanes[index] ?? 0) * LANE_PIXELS}px`,
                  }}
                  aria-label={`${table.state}. ${textOf(table)}`}
                  aria-selected={row === active[0] && index === active[1]}
                  onClick={() => setActive([row, index])}
                />
              ))}
            </span>
          </div>
        ))}
      </div>
      <p class="hint" id={`${id}-text`}>
        {textOf(current)}
      </p>
      <TableOfTables part={part} levels={levels} />
    </div>
  )
}

function levelsOf(tables: readonly MapTable[]): Level[] {
  const groups = new Map<string, MapTable[]>()
  for (const table of tables) {
    const name = table.level === undefined ? 'Obsolete' : `Level ${table.level}`
    groups.set(name, [...(groups.get(name) ?? []), table])
  }
  return [...groups].map(([name, group]) => {
    const ends: number[] = []
    const lanes = group.map(({ left, right }) => {
      const free = ends.findIndex((end) => end <= left)
      const lane = free < 0 ? ends.length : free
      ends[lane] = right
      return lane
    })
    return { name, tables: group, lanes }
  })
}

function targetOf(
  key: string,
  [row, index]: readonly [number, number],
  levels: readonly Level[],
): readonly [number, number] | undefined {
  const last = (levels[row]?.tables.length ?? 1) - 1
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: Math.min(last, index + 1),
    ArrowLeft: Math.max(0, index - 1),
    Home: 0,
    End: last,
  }
  const step = steps[key]
  if (step !== undefined) return [row, step]
  if (key !== 'ArrowDown' && key !== 'ArrowUp') return undefined
  const next = row + (key === 'ArrowDown' ? 1 : -1)
  const target = levels[next]
  if (target === undefined) return [row, index]
  // The table with the nearest keys.
  const left = levels[row]?.tables[index]?.left ?? 0
  const distances = target.tables.map((table) => Math.abs(table.left - left))
  return [next, distances.indexOf(Math.min(...distances))]
}

function TableOfTables({ part, levels }: { readonly part: MapPart; readonly levels: readonly Level[] }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{part.name}: tables as a table</summary>
      {isOpen && (
        <table>
          <caption>{part.name}: tables by level</caption>
          <thead>
            <tr>
              <th scope="col">Level</th>
              <th scope="col">File</th>
              <th scope="col">Bytes</th>
              <th scope="col">Keys</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {levels.flatMap(({ name, tables }) =>
              tables.map((table) => (
                <tr key={table.file}>
                  <td>{name}</td>
                  <td>{table.file}</td>
                  <td>{humanBytes(table.byteCount)}</td>
                  <td>{keysText(table)}</td>
                  <td>{table.state}</td>
                </tr>
              )),
            )}
          </tbody>
        </table>
      )}
    </details>
  )
}
