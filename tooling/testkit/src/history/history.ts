import { corruption } from '@ldb/base'
import { Violation } from '../violation.js'

/** One operation of a commit, as the model sees it. Keys and values are texts of bytes: one character, one byte. */
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

/** What a commit changes, when that depends on what all commits before it have left. */
export type DependentChanges = (before: ModelState) => readonly ModelChange[]

interface Commit {
  readonly changes: readonly ModelChange[] | DependentChanges
  state: ModelState
}

const EMPTY: ModelState = new Map()

/**
 * What was asked of a store, and what it has answered: which states a crash may leave.
 *
 * Commits have the numbers 1, 2, … A crash leaves the state after some commit `c`, with `durable` ≤ c ≤ `submitted`.
 *
 * @category Models
 */
export class History {
  /** Newest commit that was acknowledged as durable. */
  durable = 0
  /** Newest commit that was acknowledged as handed to the operating system: it survives the end of the process. */
  handedOver = 0
  /** Commits below this need not be found any more, though later ones must (a log that was cut). */
  floor = 0
  /** The store was there: opening it must not begin a new one. */
  isCreated = false
  /** The newest commit has failed: nobody knows whether it happened, and nothing may follow it. */
  inDoubt = false
  /** Later commits than this one were reported as not written: they must not come back. */
  newestAllowed: number = Infinity
  /** The disk keeps its word; otherwise acknowledged commits may be lost without anybody's fault. */
  isTrusted = true
  /** What was handed to the operating system survives the end of the process; otherwise a failed sync may take it away. */
  keepsHandedOver = true
  /** What the run is, so that content differs between lives. */
  life = 0
  readonly #commits: Commit[]
  /** Commits that have failed because something could not be read, in order. */
  readonly #readFailures: number[]

  constructor(commits: Commit[] = [], unread: number[] = []) {
    this.#commits = commits
    this.#readFailures = unread
  }

  /** Newest commit that was begun. */
  get submitted(): number {
    return this.#commits.length
  }

  /** Oldest commit whose state may be found now. */
  get least(): number {
    return this.isTrusted ? this.durable : 0
  }

  /** Content after a commit; 0 is the empty store. */
  stateAt(commit: number): ModelState {
    return commit === 0 ? EMPTY : this.#at(commit).state
  }

  changesOf(commit: number): readonly ModelChange[] {
    const { changes } = this.#at(commit)
    return typeof changes === 'function' ? changes(this.stateAt(commit - 1)) : changes
  }

  /** A commit is about to be made; gives its number. */
  submit(changes: readonly ModelChange[] | DependentChanges): number {
    this.#commits.push({ changes, state: applied(this.stateAt(this.submitted), changes) })
    return this.submitted
  }

  /**
   * A commit has failed because something could not be read. When that was before it was logged, nothing of it is to be
   * found, though later ones are; when a page was missing for applying it, it is there after the next opening, and so are later ones.
   */
  recordReadFailure(commit: number): void {
    if (commit > this.submitted || this.#readFailures.includes(commit)) return
    this.#readFailures.push(commit)
    this.#readFailures.sort((a, b) => a - b)
  }

  /** Whether commits may be missing though later ones are there. */
  get hasGaps(): boolean {
    return this.#readFailures.length > 0
  }

  /** A commit, and all before it, will survive. */
  acknowledgeDurable(commit: number): void {
    this.durable = Math.max(this.durable, commit)
  }

  /** A commit, and all before it, will survive the end of the process, if anything that was handed over does. */
  acknowledgeFlushed(commit: number): void {
    if (!this.keepsHandedOver) return
    this.handedOver = Math.max(this.handedOver, commit)
  }

  /** The newest commit was refused, and nothing of it happened. */
  removeRejected(): void {
    if (this.submitted <= this.durable) throw new Violation('an acknowledged commit was refused')
    this.#commits.pop()
  }

  /** A copy that goes its own way. */
  fork(): History {
    const copy = new History([...this.#commits], [...this.#readFailures])
    copy.durable = this.durable
    copy.handedOver = this.handedOver
    copy.floor = this.floor
    copy.isCreated = this.isCreated
    copy.inDoubt = this.inDoubt
    copy.newestAllowed = this.newestAllowed
    copy.isTrusted = this.isTrusted
    copy.keepsHandedOver = this.keepsHandedOver
    copy.life = this.life
    return copy
  }

  /** The store was found in the state after a commit: later ones never were. */
  goOnFrom(commit: number): void {
    if (!this.isTrusted && commit < this.submitted) {
      // What was misread once may be read well the next time: nothing can be concluded.
      throw corruption('the store', commit, 'it was found in an older state')
    }
    this.#commits.length = commit
    this.#readFailures.length = 0
    this.durable = commit
    this.handedOver = commit
    this.floor = Math.min(this.floor, commit)
    this.isCreated = true
    this.inDoubt = false
    this.newestAllowed = Infinity
    this.life++
  }

  /**
   * Returns the newest commit after which the store had this content.
   *
   * @param least - the oldest that is allowed.
   * @throws Violation when there is none.
   */
  match(found: ModelState, least: number = this.durable): number {
    for (let commit = this.submitted; commit >= least; commit--) {
      if (sameState(found, this.stateAt(commit))) return commit
    }
    // The first of those that have failed were not logged, the others were.
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

  /** The commits, if these had changed nothing. */
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
      `found a state that no commit from ${least} to ${this.submitted} has left; ` +
      `against the last one: ${differences(found, expected)}`
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
  for (const name of found.keys()) if (!expected.has(name)) parts.push(`${name} is there`)
  return `${parts.slice(0, 5).join('; ')}${parts.length > 5 ? `; and ${parts.length - 5} more` : ''}`
}
