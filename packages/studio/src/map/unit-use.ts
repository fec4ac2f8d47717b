import type { VerifyUnitKind } from '@ldb/core'

/** What the bytes of a unit are used for, in the order of the amounts of a cell. */
export const USES = ['live', 'structure', 'large', 'free', 'unreached'] as const
export type Use = (typeof USES)[number]

/** What a cell of the map shows: its worst state, or the use of most of its bytes. */
export type CellState = Use | 'dirty' | 'damaged'

const LIVE = new Set<VerifyUnitKind>(['leaf', 'data', 'commit-record', 'load-record'])
const LARGE = new Set<VerifyUnitKind>(['extent', 'blob-live', 'blob-commit-record'])
const FREE = new Set<VerifyUnitKind>(['free', 'pending', 'unused', 'blob-dead'])

export function useOf(kind: VerifyUnitKind): Use {
  if (LIVE.has(kind)) return 'live'
  if (LARGE.has(kind)) return 'large'
  if (FREE.has(kind)) return 'free'
  return kind === 'unreached' ? 'unreached' : 'structure'
}

/** Returns the state of bytes: of amounts by use, of which some are dirty, and of the findings in them. */
export function stateOf(amounts: readonly number[], dirtyBytes: number, findingCount: number): CellState {
  if (findingCount > 0) return 'damaged'
  if (dirtyBytes > 0) return 'dirty'
  const most = Math.max(...amounts)
  return most === 0 ? 'free' : (USES[amounts.indexOf(most)] ?? 'free')
}
