import { corruption } from '@ldb/base'
import { Violation } from '../base/violation.js'

/** One operation of a commit in the model. Each character of keys and values is one byte. */
export type ModelChange =
  | { readonly kind: 'put'; readonly space: string; readonly key: string; readonly value: string }
  | { readonly kind: 'delete'; readonly space: string; readonly key: string }
  | {
      readonly kind: 'deleteRange'
      readonly space: string
      readonly lower: string
      readonly upper: string | undefined
    }

/** Content of a store: `space/key` → value. */
export type ModelState = ReadonlyMap<string, string>

/** Returns the changes of a commit that depend on the state after all commits before it. */
export type DependentChanges = (before: ModelState) => readonly ModelChange[]

interface Commit {
  readonly changes: readonly ModelChange[] | DependentChanges
  state: ModelState
}

const EMPTY: ModelState = new Map()

/**
 * The commits submitted to a store and their acknowledgements. They determine which states a crash may leave.
 *
 * Commits are numbered 1, 2, … A crash leaves the state after some commit `c`, with `durable` ≤ c ≤ `submitted`.
 *
 * @category Models
 */
export class History {
  /** Newest commit that was acknowledged as durable. */
  durable = 0
  /** Newest commit that was acknowledged as written to the operating system. It survives the end of the process. */
  flushed = 0
  /** Commits below this number may be missing although later ones are present, because the log was truncated. */
  floor = 0
  /** True once the store was created: opening it must not create a new one. */
  isCreated = false
  /** True after the newest commit failed with an unknown outcome. No further commit may succeed. */
  inDoubt = false
  /** Upper bound of the recovered commit: later commits were reported as not written and must not reappear. */
  newestAllowed: number = Infinity
  /** True while the disk keeps synced data. When false, acknowledged commits may be lost without a violation. */
  isDiskReliable = true
  /**
   * True while data written to the operating system survives the end of the process. When false, a failed sync may
   * drop it.
   */
  keepsFlushed = true
  /** Number of reopens so far. It makes the content of different lives distinct. */
  life = 0
  readonly #commits: Commit[]
  /** Numbers of the commits that failed with a read error, ascending. */
  readonly #readFailures: number[]

  constructor(commits: Commit[] = [], unread: number[] = []) {
    this.#commits = commits
    this.#readFailures = unread
  }

  /** Number of the newest submitted commit. */
  get submitted(): number {
    return this.#commits.length
  }

  /** The oldest commit whose state may be found now. */
  get oldestAllowed(): number {
    return this.isDiskReliable ? this.durable : 0
  }

  /** Returns the content after a commit; 0 is the empty store. */
  stateAt(commit: number): ModelState {
    return commit === 0 ? EMPTY : this.#at(commit).state
  }

  changesOf(commit: number): readonly ModelChange[] {
    const { changes } = this.#at(commit)
    return typeof changes === 'function' ? changes(this.stateAt(commit - 1)) : changes
  }

  /** Submits a commit before it is made and returns its number. */
  submit(changes: readonly ModelChange[] | DependentChanges): number {
    this.#commits.push({ changes, state: applied(this.stateAt(this.submitted), changes) })
    return this.submitted
  }

  /**
   * Records that a commit failed with a read error. When the error came before the log write, the commit is missing
   * although later ones are present. When a page for applying the commit was unreadable, the commit reappears at
   * the next open, and so do later ones.
   */
  recordReadFailure(commit: number): void {
    if (commit > this.submitted || this.#readFailures.includes(commit)) return
    this.#readFailures.push(commit)
    this.#readFailures.sort((a, b) => a - b)
  }

  /** True when commits may be missing although later ones are present. */
  get hasGaps(): boolean {
    return this.#readFailures.length > 0
  }

  /** Records that a commit and all earlier ones are durable. */
  acknowledgeDurable(commit: number): void {
    this.durable = Math.max(this.durable, commit)
  }

  /**
   * Records that a commit and all earlier ones survive the end of the process, unless `keepsFlushed` is false.
   */
  acknowledgeFlushed(commit: number): void {
    if (!this.keepsFlushed) return
    this.flushed = Math.max(this.flushed, commit)
  }

  /** Removes the newest commit: the store rejected it without any effect. */
  removeRejected(): void {
    if (this.submitted <= this.durable) throw new Violation('an acknowledged commit was rejected')
    this.#commits.pop()
  }

  /** Returns an independent copy. */
  fork(): History {
    const copy = new History([...this.#commits], [...this.#readFailures])
    copy.durable = this.durable
    copy.flushed = this.flushed
    copy.floor = this.floor
    copy.isCreated = this.isCreated
    copy.inDoubt = this.inDoubt
    copy.newestAllowed = this.newestAllowed
    copy.isDiskReliable = this.isDiskReliable
    copy.keepsFlushed = this.keepsFlushed
    copy.life = this.life
    return copy
  }

  /** Sets the history to the state in which the store was found. Later commits are discarded. */
  resumeFrom(commit: number): void {
    if (!this.isDiskReliable && commit < this.submitted) {
      // The disk may have returned wrong bytes once; a later read may return the right ones.
      throw corruption('the store', commit, 'it was found in an older state')
    }
    this.#commits.length = commit
    this.#readFailures.length = 0
    this.durable = commit
    this.flushed = commit
    this.floor = Math.min(this.floor, commit)
    this.isCreated = true
    this.inDoubt = false
    this.newestAllowed = Infinity
    this.life++
  }

  /**
   * Returns the newest commit after which the store had this content.
   *
   * @param least - the oldest commit that is allowed.
   * @throws Violation when no allowed commit left this content.
   */
  match(found: ModelState, least: number = this.durable): number {
    for (let commit = this.submitted; commit >= least; commit--) {
      if (sameState(found, this.stateAt(commit))) return commit
    }
    // The first `missing` failed commits were not logged; the others were.
    for (let missing = 1; missing <= this.#readFailures.length; missing++) {
      const commits = this.#without(this.#readFailures.slice(0, missing))
      const commit = commits.reduce(
        (last, { state }, index) => (sameState(found, state) ? index + 1 : last),
        0,
      )
      if (commit === 0 || commit < least) continue
      this.#commits.splice(0, Infinity, ...commits)
      this.#readFailures.splice(0, missing)
      return commit
    }
    throw new Violation(this.#mismatch(found, least))
  }

  /** Returns the commits as if the given ones had changed nothing. */
  #without(missing: readonly number[]): Commit[] {
    let state: ModelState = EMPTY
    return this.#commits.map(({ changes: made }, index) => {
      const changes = missing.includes(index + 1) ? [] : made
      state = applied(state, changes)
      return { changes, state }
    })
  }

  #mismatch(found: ModelState, least: number): string {
    for (let commit = least - 1; commit >= 0; commit--) {
      if (sameState(found, this.stateAt(commit))) {
        return `acknowledged commits are lost: found the state after ${commit}, ${least} was durable`
      }
    }
    const expected = this.stateAt(this.submitted)
    return (
      `found a state that was left by no commit from ${least} to ${this.submitted}; ` +
      `compared with the newest: ${differences(found, expected)}`
    )
  }

  #at(commit: number): Commit {
    const found = this.#commits[commit - 1]
    if (found === undefined) throw new RangeError(`there is no commit ${commit}`)
    return found
  }
}

function applied(before: ModelState, made: readonly ModelChange[] | DependentChanges): ModelState {
  const changes = typeof made === 'function' ? made(before) : made
  const state = new Map(before)
  for (const change of changes) {
    if (change.kind === 'put') state.set(`${change.space}/${change.key}`, change.value)
    else if (change.kind === 'delete') state.delete(`${change.space}/${change.key}`)
    else deleteRange(state, change.space, change.lower, change.upper)
  }
  return state
}

function deleteRange(
  state: Map<string, string>,
  space: string,
  lower: string,
  upper: string | undefined,
): void {
  const prefix = `${space}/`
  for (const name of state.keys()) {
    if (!name.startsWith(prefix)) continue
    const key = name.slice(prefix.length)
    if (key >= lower && (upper === undefined || key < upper)) state.delete(name)
  }
}

function sameState(a: ModelState, b: ModelState): boolean {
  if (a.size !== b.size) return false
  for (const [name, value] of a) if (b.get(name) !== value) return false
  return true
}

function differences(found: ModelState, expected: ModelState): string {
  const parts: string[] = []
  const short = (text: string | undefined): string =>
    text === undefined
      ? 'nothing'
      : JSON.stringify(text.length > 24 ? `${text.slice(0, 24)}… (${text.length})` : text)
  for (const [name, value] of expected) {
    if (found.get(name) !== value) parts.push(`${name} is ${short(found.get(name))}, not ${short(value)}`)
  }
  for (const name of found.keys()) if (!expected.has(name)) parts.push(`${name} is present`)
  return `${parts.slice(0, 5).join('; ')}${parts.length > 5 ? `; and ${parts.length - 5} more` : ''}`
}
