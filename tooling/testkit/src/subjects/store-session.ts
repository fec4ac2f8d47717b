import { encodeUtf8, isLdbError, toSeq, WriteBatch } from '@ldb/base'
import type { OrderedStore, StoreSnapshot } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import { textOf } from '../base/byte-text.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'
import type { History, ModelChange, ModelState } from '../history/history.js'
import { randomChanges } from '../history/model-changes.js'
import type { EntryShape } from '../history/model-changes.js'
import { attemptCommit } from '../suite/subject.js'
import type { SubjectSession } from '../suite/subject.js'

const SPACE = 'tree'
/** The steps of a session and their usual weights. */
export const STORE_STEPS = { apply: 8, checkpoint: 4, shrink: 1, pin: 2, release: 1, reopen: 1 }

/** What a session needs of its run. */
export interface StoreRun {
  readonly shape: EntryShape
  readonly weights: Record<keyof typeof STORE_STEPS, number>
  /** Opens the store; creates it unless `history.isCreated`. */
  openStore(vfs: Vfs, history: History): OrderedStore
}

/** A store under test. A commit is an applied batch section; it is durable when the next checkpoint returns. */
export class StoreSession implements SubjectSession {
  readonly #run: StoreRun
  readonly #vfs: Vfs
  #store: OrderedStore
  isOpen = true
  #pins: { readonly snapshot: StoreSnapshot; readonly state: ModelState }[] = []

  constructor(run: StoreRun, vfs: Vfs, store: OrderedStore) {
    this.#run = run
    this.#vfs = vfs
    this.#store = store
  }

  async step(random: TestRandom, history: History): Promise<void> {
    switch (random.weighted(this.#run.weights)) {
      case 'apply':
        this.#apply(random, history)
        return
      case 'checkpoint':
        this.#store.checkpoint()
        history.acknowledgeDurable(history.submitted)
        return
      case 'shrink':
        this.#store.compact()
        history.acknowledgeDurable(history.submitted)
        return
      case 'pin':
        if (this.#pins.length < 3) {
          this.#pins.push({ snapshot: this.#store.snapshot(), state: history.stateAt(history.submitted) })
        }
        return
      case 'release':
        this.#checkAndRelease(history, this.#pins.splice(random.below(this.#pins.length + 1), 1))
        return
      case 'reopen':
        this.#releaseUnchanged(this.#pins.splice(0))
        this.close()
        this.#store = this.#run.openStore(this.#vfs, history)
        history.resumeFrom(this.observe(history, history.oldestAllowed))
        this.isOpen = true
        return
    }
  }

  observe(history: History, least: number): number {
    const commit = Number(this.#store.seq)
    assertGuarantee(
      commit >= least,
      () => `checkpoints are lost: found commit ${commit}, ${least} was durable`,
    )
    assertGuarantee(commit <= history.submitted, () => `found commit ${commit}, which was never submitted`)
    const snapshot = this.#store.snapshot()
    try {
      assertState(snapshot, history, commit)
    } finally {
      snapshot.release()
    }
    return commit
  }

  verify(): string[] {
    const findings: string[] = []
    this.#store.verify({
      finding: (finding) =>
        findings.push(`${finding.kind} ${finding.file} ${finding.offset}: ${finding.message}`),
      progress: () => undefined,
    })
    return findings
  }

  close(): void {
    this.isOpen = false
    this.#store.close()
  }

  #apply(random: TestRandom, history: History): void {
    const changes = randomChanges(random, this.#run.shape, [SPACE])
    const batch = new WriteBatch()
    for (const change of changes) addChange(batch, change)
    const [section] = batch.sections()
    if (section === undefined) return
    attemptCommit(history, changes, () => {
      this.#store.apply(section, toSeq(history.submitted))
    })
  }

  /**
   * Checks pinned snapshots and releases them. A read may evict a page and fail to write it; the store then accepts
   * no further writes.
   */
  #checkAndRelease(
    history: History,
    pins: { readonly snapshot: StoreSnapshot; readonly state: ModelState }[],
  ): void {
    try {
      this.#releaseUnchanged(pins)
    } catch (error) {
      if (isLdbError(error) && error.details.operation === 'write') history.inDoubt = true
      throw error
    }
  }

  #releaseUnchanged(pins: { readonly snapshot: StoreSnapshot; readonly state: ModelState }[]): void {
    for (const { snapshot, state } of pins) {
      const found = contentOf(snapshot)
      assertGuarantee(
        found.size === state.size,
        () => `a snapshot has ${found.size} entries instead of ${state.size}`,
      )
      for (const [name, value] of state)
        assertGuarantee(found.get(name) === value, () => `${name} of a snapshot has changed`)
      snapshot.release()
    }
  }
}

/** Adds an operation of the model to a batch. */
function addChange(batch: WriteBatch, change: ModelChange): void {
  if (change.kind === 'put') batch.put(1, encodeUtf8(change.key), encodeUtf8(change.value))
  else if (change.kind === 'delete') batch.delete(1, encodeUtf8(change.key))
  else
    batch.deleteRange(
      1,
      encodeUtf8(change.lower),
      change.upper === undefined ? undefined : encodeUtf8(change.upper),
    )
}

function contentOf(snapshot: StoreSnapshot): Map<string, string> {
  const content = new Map<string, string>()
  const cursor = snapshot.cursor()
  try {
    while (cursor.next()) content.set(`${SPACE}/${textOf(cursor.key)}`, textOf(cursor.value))
  } finally {
    cursor.close()
  }
  return content
}

/** Checks that a snapshot has the content after the given commit. */
function assertState(snapshot: StoreSnapshot, history: History, commit: number): void {
  const found = contentOf(snapshot)
  const expected = history.stateAt(commit)
  assertGuarantee(
    found.size === expected.size,
    () => `${found.size} entries after commit ${commit}, not ${expected.size}`,
  )
  for (const [name, value] of expected) {
    assertGuarantee(found.get(name) === value, () => `${name} has another value than after commit ${commit}`)
  }
}
