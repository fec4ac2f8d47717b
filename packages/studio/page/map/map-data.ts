import { humanBytes } from '../value-text.js'

export const STATES = ['live', 'structure', 'large', 'free', 'unreached', 'dirty', 'damaged'] as const
export type CellState = (typeof STATES)[number]

/** What each state says of bytes. */
export const MEANINGS: Readonly<Record<CellState, string>> = {
  live: 'entries and commits',
  structure: 'branches, indexes, headers',
  large: 'large values',
  free: 'free, replaced or unused',
  unreached: 'reached by nothing, or not readable',
  dirty: 'changed in memory, not written yet',
  damaged: 'with a finding of verify',
}

interface Area {
  /** Bytes by use, in the order of `uses` of the map. */
  readonly amounts: readonly number[]
  readonly findingCount: number
  readonly state: CellState
  /** Keys of the only page or of the table. */
  readonly lower?: string
  readonly upper?: string
}

export interface MapCell extends Area {
  readonly dirtyBytes: number
  readonly unitCount: number
}

export interface MapFile {
  readonly file: string
  readonly byteCount: number
  readonly cellBytes: number
  readonly cells: readonly MapCell[]
}

export interface MapTable extends Area {
  readonly file: string
  readonly level?: number
  readonly byteCount: number
  /** Share of the key space, from 0 to 1. */
  readonly left: number
  readonly right: number
}

export interface MapPart {
  readonly name: string
  readonly byteCount: number
  readonly entryCount: number
  readonly findingCount: number
  readonly dirtyBytes: number
  readonly units: readonly { readonly kind: string; readonly count: number; readonly bytes: number }[]
  readonly shape?: {
    readonly kind: string
    readonly depth?: number
    readonly leafFill?: number
  }
  readonly fileCount: number
  readonly files: readonly MapFile[]
  readonly tableCount: number
  readonly tables: readonly MapTable[]
}

export interface DatabaseMap {
  readonly ok: boolean
  readonly errorCount: number
  readonly warningCount: number
  readonly durationMs: number
  readonly byteCount: number
  readonly uses: readonly string[]
  readonly findings: readonly {
    readonly severity: string
    readonly message: string
    readonly file: string
    readonly offset: number
  }[]
  readonly parts: readonly MapPart[]
}

/** Returns the uses and the findings of bytes as text. */
export function describe(area: Area, uses: readonly string[], dirtyBytes: number): string {
  const { amounts, findingCount, lower, upper } = area
  const parts = uses.flatMap((use, index) => {
    const bytes = amounts[index] ?? 0
    return bytes === 0 ? [] : [`${use} ${humanBytes(bytes)}`]
  })
  if (parts.length === 0) parts.push('nothing located')
  if (dirtyBytes > 0) parts.push(`${humanBytes(dirtyBytes)} dirty in memory`)
  if (findingCount > 0) parts.push(`damaged: ${findingCount} ${findingCount === 1 ? 'finding' : 'findings'}`)
  if (lower !== undefined || upper !== undefined) parts.push(keysText(area))
  return parts.join(', ')
}

export function keysText({ lower, upper }: Pick<Area, 'lower' | 'upper'>): string {
  const from = lower === undefined || lower === '' ? 'the first key' : `“${lower}”`
  return `keys from ${from} to ${upper === undefined ? 'the last one' : `before “${upper}”`}`
}

/** Returns the bytes of a cell as text. */
export function positionText({ byteCount, cellBytes }: MapFile, index: number, count: number = 1): string {
  const end = Math.min(byteCount, (index + count) * cellBytes)
  return `${(index * cellBytes).toLocaleString('en')} to ${end.toLocaleString('en')}`
}
