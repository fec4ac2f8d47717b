import { LdbError } from '@ldb/base'
import { ReferenceTransaction, scan, writesOverlap } from '../../src/isolation/reference-transaction.js'
import type { ReferenceState, ReferenceWrite } from '../../src/isolation/reference-transaction.js'
import type {
  IsolationLevel,
  IsolationSession,
  IsolationSubject,
  IsolationTransaction,
  IsolationView,
  ScanRange,
} from '../../src/suite/isolation-subject.js'

/** Bugs of concurrency control; most of them have occurred in real stores. */
export const ISOLATION_BUGS = [
  'reads see uncommitted writes',
  'reads see the newest commit',
  'scans see the newest commit',
  'transactions begin from an old snapshot',
  'commits apply one keyspace after the other',
  'a failed commit leaves its first write',
  'a commit loses its last write',
  'writes are not checked',
  'reads are not checked',
  'ranges are not checked',
  'ranges are checked as the entries in them',
  'absent keys are not checked',
  'a scan with a limit covers nothing',
  'a reverse scan covers the range of a forward scan',
  'the first commit after the begin is not checked',
  'commits are discarded from the conflict window too early',
  'range deletes are not checked',
  'own deletes are missing from scans',
  'own writes are missing from gets',
  'a rollback to a savepoint keeps the writes',
  'reads for update are not checked',
  'writes outside of transactions are not checked',
  'a reopen loses a commit',
] as const

export type IsolationBug = (typeof ISOLATION_BUGS)[number]

/** Returns a small transactional engine with one bug. */
export function mutant(bug: IsolationBug | 'none'): IsolationSubject {
  return { name: bug, open: () => new MutantSession(bug) }
}

class MutantSession implements IsolationSession {
  readonly bug: IsolationBug | 'none'
  states: ReferenceState[] = [new Map()]
  /** The writes of each commit, by commit number. */
  written: ReferenceWrite[][] = [[]]
  readonly open: Set<MutantTransaction> = new Set()
  /** Changes of the last commit that become visible with the next. */
  #late: ((state: Map<string, string>) => void)[] = []

  constructor(bug: IsolationBug | 'none') {
    this.bug = bug
  }

  get newest(): ReferenceState {
    return this.states.at(-1)!
  }

  begin({ isolation }: { readonly isolation: IsolationLevel }): IsolationTransaction {
    const transaction = new MutantTransaction(this, isolation)
    this.open.add(transaction)
    return transaction
  }

  runMaintenance(kind: 'checkpoint' | 'shrink' | 'reopen'): void {
    if (kind !== 'reopen') return
    for (const transaction of this.open) transaction.rollback()
    if (this.bug !== 'a reopen loses a commit' || this.states.length < 2) return
    this.states.pop()
    this.written.pop()
  }

  write(keyspace: string, key: string, value: string): void {
    const writes =
      this.bug === 'writes outside of transactions are not checked'
        ? []
        : [{ keyspace, lower: key, upper: `${key}\0` }]
    this.apply([{ keyspace, change: (state) => state.set(`${keyspace}/${key}`, value) }], writes)
  }

  close(): void {
    this.open.clear()
  }

  apply(
    changes: readonly { readonly keyspace: string; readonly change: (state: Map<string, string>) => void }[],
    writes: readonly ReferenceWrite[],
  ): void {
    const state = new Map(this.newest)
    for (const change of this.#late.splice(0)) change(state)
    for (const { keyspace, change } of changes) {
      if (this.bug === 'commits apply one keyspace after the other' && keyspace === 'b' && changes.length > 1)
        this.#late.push(change)
      else change(state)
    }
    this.states.push(state)
    this.written.push([...writes])
  }
}

class MutantTransaction implements IsolationTransaction {
  readonly #session: MutantSession
  readonly #isolation: IsolationLevel
  readonly #start: number
  readonly own: ReferenceTransaction
  /** Keyspaces of its changes, in order. */
  #changed: string[] = []
  #reads: ReferenceWrite[] = []
  #locks: ReferenceWrite[] = []

  constructor(session: MutantSession, isolation: IsolationLevel) {
    this.#session = session
    this.#isolation = isolation
    this.#start = session.states.length - 1
    const isEarly = session.bug === 'transactions begin from an old snapshot' && this.#start > 0
    this.own = new ReferenceTransaction(session.states[this.#start - (isEarly ? 1 : 0)]!)
  }

  in(keyspace: string): IsolationView {
    const { bug } = this.#session
    const inner = this.own.in(keyspace)
    const change = (write: () => void): void => {
      this.#assertOpen()
      const before = this.own.writes.length
      write()
      this.#changed.push(keyspace)
      if (
        bug === 'range deletes are not checked' &&
        this.own.writes.at(-1)?.upper !== `${this.own.writes.at(-1)?.lower}\0`
      )
        this.own.writes.length = before
    }
    return {
      get: (key) => this.#get(keyspace, key),
      getForUpdate: (key) => {
        if (bug !== 'reads for update are not checked')
          this.#locks.push({ keyspace, lower: key, upper: `${key}\0` })
        return this.#get(keyspace, key)
      },
      put: (key, value) => change(() => inner.put(key, value)),
      delete: (key) => change(() => inner.delete(key)),
      deleteRange: (range) => change(() => inner.deleteRange(range)),
      entries: (range = {}) => this.#scan(keyspace, range),
      count: (range = {}) => this.#scan(keyspace, range).length,
    }
  }

  savepoint(): unknown {
    return { inner: this.own.savepoint(), changed: [...this.#changed] }
  }

  rollbackTo(savepoint: unknown): void {
    if (this.#session.bug === 'a rollback to a savepoint keeps the writes') return
    const { inner, changed } = savepoint as { inner: unknown; changed: string[] }
    this.own.rollbackTo(inner)
    this.#changed = [...changed]
  }

  commit(): void {
    this.#assertOpen()
    const session = this.#session
    session.open.delete(this)
    if (this.own.changes.length === 0 && this.#locks.length === 0) return
    const changes = this.own.changes.map((change, index) => ({ keyspace: this.#changed[index]!, change }))
    if (this.#hasLost()) {
      if (session.bug === 'a failed commit leaves its first write') session.apply(changes.slice(0, 1), [])
      throw new LdbError('LDB_CONFLICT', 'lost')
    }
    if (session.bug === 'a commit loses its last write' && changes.length > 1) changes.pop()
    if (changes.length > 0) session.apply(changes, [...this.own.writes, ...this.#locks])
  }

  rollback(): void {
    this.#session.open.delete(this)
  }

  #hasLost(): boolean {
    const { bug, written } = this.#session
    let first = this.#start + 1
    if (bug === 'the first commit after the begin is not checked') first++
    if (bug === 'commits are discarded from the conflict window too early')
      first = Math.max(first, written.length - 2)
    const checked = [...this.#locks]
    if (bug !== 'writes are not checked') checked.push(...this.own.writes)
    if (this.#isolation === 'serializable' && bug !== 'reads are not checked') checked.push(...this.#reads)
    return written.slice(first).some((writes) => writesOverlap(writes, checked))
  }

  #get(keyspace: string, key: string): string | undefined {
    this.#assertOpen()
    const { bug, open, newest, states } = this.#session
    const name = `${keyspace}/${key}`
    const ownWrite = this.own.writes.some(
      (write) =>
        write.keyspace === keyspace && key >= write.lower && (write.upper === undefined || key < write.upper),
    )
    if (ownWrite)
      return bug === 'own writes are missing from gets'
        ? states[this.#start]!.get(name)
        : this.own.state.get(name)
    let value = bug === 'reads see the newest commit' ? newest.get(name) : this.own.state.get(name)
    if (bug === 'reads see uncommitted writes') {
      for (const other of open) {
        const dirty = other.own.state.get(name)
        if (
          other !== this &&
          dirty !== undefined &&
          other.own.writes.some((write) => write.keyspace === keyspace && write.lower === key)
        )
          value = dirty
      }
    }
    if (value !== undefined || bug !== 'absent keys are not checked') {
      this.#reads.push({ keyspace, lower: key, upper: `${key}\0` })
    }
    return value
  }

  #scan(keyspace: string, range: ScanRange): [string, string][] {
    this.#assertOpen()
    const { bug, newest, states } = this.#session
    let state: ReferenceState = this.own.state
    if (bug === 'scans see the newest commit') {
      const mixed = new Map(newest)
      for (const change of this.own.changes) change(mixed)
      state = mixed
    } else if (bug === 'own deletes are missing from scans') {
      state = new Map([...states[this.#start]!, ...this.own.state])
    }
    const entries = scan(state, keyspace, range)
    this.#noteScan(keyspace, range, entries)
    return entries
  }

  #noteScan(keyspace: string, range: ScanRange, entries: readonly [string, string][]): void {
    const { bug } = this.#session
    const { gte = '', lt, limit = Infinity, reverse = false } = range
    if (bug === 'ranges are not checked' || limit === 0) return
    if (bug === 'ranges are checked as the entries in them') {
      for (const [key] of entries) this.#reads.push({ keyspace, lower: key, upper: `${key}\0` })
      return
    }
    const last = entries.length >= limit ? entries.at(-1)![0] : undefined
    if (last !== undefined && bug === 'a scan with a limit covers nothing') return
    const isBackward = reverse && bug !== 'a reverse scan covers the range of a forward scan'
    this.#reads.push(
      isBackward
        ? { keyspace, lower: last ?? gte, upper: lt }
        : { keyspace, lower: gte, upper: last === undefined ? lt : `${last}\0` },
    )
  }

  #assertOpen(): void {
    if (!this.#session.open.has(this)) throw new LdbError('LDB_CLOSED', 'ended')
  }
}
