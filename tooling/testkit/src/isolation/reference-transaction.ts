import type { IsolationTransaction, IsolationView, ScanRange } from '../suite/isolation-subject.js'

/** Content of all keyspaces: `keyspace/key` to value. */
export type ReferenceState = ReadonlyMap<string, string>

/** A written key or range. */
export interface ReferenceWrite {
  readonly keyspace: string
  readonly lower: string
  /** Exclusive; `undefined` means no upper bound. */
  readonly upper: string | undefined
}

/** The reference of a transaction: a copy of the state at its begin with its own writes. */
export class ReferenceTransaction implements IsolationTransaction {
  state: Map<string, string>
  writes: ReferenceWrite[] = []
  /** Functions that apply its writes to another state, in order. */
  changes: ((state: Map<string, string>) => void)[] = []

  constructor(state: ReferenceState) {
    this.state = new Map(state)
  }

  in(keyspace: string): IsolationView {
    const entriesOf = (range: ScanRange = {}): [string, string][] => scan(this.state, keyspace, range)
    return {
      get: (key) => this.state.get(`${keyspace}/${key}`),
      getForUpdate: (key) => {
        this.writes.push({ keyspace, lower: key, upper: `${key}\0` })
        return this.state.get(`${keyspace}/${key}`)
      },
      put: (key, value) => {
        this.#change(keyspace, key, `${key}\0`, (state) => state.set(`${keyspace}/${key}`, value))
      },
      delete: (key) => {
        this.#change(keyspace, key, `${key}\0`, (state) => state.delete(`${keyspace}/${key}`))
      },
      deleteRange: ({ gte = '', lt }) => {
        this.#change(keyspace, gte, lt, (state) => {
          for (const [key] of scan(state, keyspace, lt === undefined ? { gte } : { gte, lt }))
            state.delete(`${keyspace}/${key}`)
        })
      },
      entries: entriesOf,
      count: (range) => entriesOf(range).length,
    }
  }

  savepoint(): unknown {
    return {
      state: new Map(this.state),
      changeCount: this.changes.length,
      writes: this.writes.filter(() => true),
    }
  }

  rollbackTo(savepoint: unknown): void {
    const saved = savepoint as { state: Map<string, string>; changeCount: number; writes: ReferenceWrite[] }
    this.state = new Map(saved.state)
    this.changes.length = saved.changeCount
    this.writes = [...saved.writes]
  }

  commit(): void {
    // The caller decides whether the commit conflicts.
  }

  rollback(): void {
    // Nothing to release.
  }

  #change(
    keyspace: string,
    lower: string,
    upper: string | undefined,
    change: (state: Map<string, string>) => void,
  ): void {
    this.writes.push({ keyspace, lower, upper })
    this.changes.push(change)
    change(this.state)
  }
}

/** Returns the entries of a keyspace in the order of a scan. */
export function scan(state: ReferenceState, keyspace: string, range: ScanRange): [string, string][] {
  const { gte, lt, reverse = false, limit = Infinity } = range
  const entries: [string, string][] = []
  for (const [name, value] of state) {
    if (!name.startsWith(`${keyspace}/`)) continue
    const key = name.slice(keyspace.length + 1)
    if ((gte === undefined || key >= gte) && (lt === undefined || key < lt)) entries.push([key, value])
  }
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  if (reverse) entries.reverse()
  return entries.slice(0, limit)
}

/** Reports whether two sets of writes overlap. */
export function writesOverlap(first: readonly ReferenceWrite[], second: readonly ReferenceWrite[]): boolean {
  return first.some((a) =>
    second.some(
      (b) =>
        a.keyspace === b.keyspace &&
        (a.upper === undefined || b.lower < a.upper) &&
        (b.upper === undefined || a.lower < b.upper),
    ),
  )
}
