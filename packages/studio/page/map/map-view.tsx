import { useState } from 'preact/hooks'
import { call } from '../server-calls.js'
import { humanBytes } from '../value-text.js'
import { FileCells } from './file-cells.js'
import { LevelRows } from './level-rows.js'
import { MEANINGS, STATES } from './map-data.js'
import type { DatabaseMap, MapPart } from './map-data.js'

/** Findings in the page; the others are counted. */
const FINDINGS_MAX = 200

/** The database as a map: the files by position, the tables of LSM trees by level and key range. The findings say where damage is. */
export function MapView({ onError }: { readonly onError: (error: unknown) => void }) {
  const [map, setMap] = useState<DatabaseMap>()
  const [isRunning, setRunning] = useState(false)
  const run = (): void => {
    setRunning(true)
    call<DatabaseMap>('map')
      .then(setMap, onError)
      .finally(() => setRunning(false))
  }
  return (
    <>
      <div class="bar">
        <button type="button" onClick={run} disabled={isRunning}>
          {isRunning ? 'Verifying…' : map === undefined ? 'Verify and draw' : 'Verify again'}
        </button>
        <span role="status">{map !== undefined && !isRunning && resultOf(map)}</span>
      </div>
      {map === undefined ? (
        <p class="hint">Reads and checks every byte, then draws the files by position.</p>
      ) : (
        <Drawn map={map} />
      )}
    </>
  )
}

function resultOf({ ok, errorCount, warningCount, byteCount, durationMs }: DatabaseMap): string {
  const amount = `${humanBytes(byteCount)} checked in ${Math.round(durationMs).toLocaleString('en')} ms.`
  if (ok) return `No damage found. ${amount}`
  return `${errorCount} errors found, ${warningCount} warnings. ${amount}`
}

function Drawn({ map }: { readonly map: DatabaseMap }) {
  const { findings } = map
  return (
    <>
      <ul class="legend" aria-label="Legend">
        {STATES.map((state) => (
          <li key={state}>
            <span class={`cell ${state}`} aria-hidden="true" /> <b>{state}</b> {MEANINGS[state]}
          </li>
        ))}
      </ul>
      {findings.length > 0 && (
        <ul class="findings" aria-label="Findings" tabIndex={0}>
          {findings.slice(0, FINDINGS_MAX).map(({ severity, message, file, offset }, index) => (
            <li key={index}>
              <b>{severity}</b> {file} at {offset.toLocaleString('en')}: {message}
            </li>
          ))}
          {findings.length > FINDINGS_MAX && <li>and {findings.length - FINDINGS_MAX} more</li>}
        </ul>
      )}
      {map.parts.map((part) => (
        <PartMap key={part.name} part={part} uses={map.uses} />
      ))}
    </>
  )
}

function PartMap({ part, uses }: { readonly part: MapPart; readonly uses: readonly string[] }) {
  const { files, fileCount, tables, tableCount, shape, units } = part
  const summary = units.map(({ kind, count, bytes }) => `${count} ${kind}, ${humanBytes(bytes)}`)
  return (
    <section class="part" aria-label={part.name}>
      <h2>
        {part.name} <small>{humanBytes(part.byteCount)}</small>
      </h2>
      <p class="hint">
        {summary.join(' · ')}
        {part.findingCount > 0 && ` · ${part.findingCount} findings`}
        {part.dirtyBytes > 0 && ` · ${humanBytes(part.dirtyBytes)} dirty in memory`}
        {shape?.leafFill !== undefined && ` · leaves ${Math.round(shape.leafFill * 100)} % full`}
      </p>
      {shape?.kind === 'levels' && <LevelRows part={part} uses={uses} />}
      {files.map((file) => (
        <FileCells key={file.file} file={file} uses={uses} />
      ))}
      {fileCount > files.length && <p class="hint">and {fileCount - files.length} more files</p>}
      {tableCount > tables.length && <p class="hint">and {tableCount - tables.length} more tables</p>}
    </section>
  )
}
