import { equalBytes, LdbError, refusePromise } from '@ldb/base'
import type { AsyncCommits } from '../commit/async-commits.js'
import type { WaitingWrite } from '../commit/conditional-queue.js'
import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'
import type { Durability } from '../health/options.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
import { encodeNext, presentExpiry } from '../keyspace/next-value.js'
import type { KeyspaceStore } from '../keyspace/store.js'

/** Everything that a conditional write needs. */
export interface ConditionalParts {
  readonly commits: AsyncCommits
  readonly gate: ReadGate
  readonly store: KeyspaceStore
  /** A copy that the write owns. */
  readonly key: Uint8Array
  readonly durability: Durability | undefined
  readonly ttlMs: number | undefined
  /** Throws when the keyspace no longer accepts commits or the caller's signal is aborted. */
  readonly check: () => void
}

/** The entry of a key: its value, and when it expires, as `presentExpiry` returns it. */
interface PresentEntry {
  readonly value: Uint8Array | undefined
  readonly expiresAt: number | undefined
}

/** Returns the entry of the key after all commits so far, in-flight commits included, or `READ_MISS`. */
function currentEntry(parts: ConditionalParts, mayBlock: boolean): PresentEntry | typeof READ_MISS {
  const { commits, gate, store, key } = parts
  const read = (): PresentEntry => {
    const stored = commits.storedOf(store, key, key.length)
    const value = store.decodeValue(stored)
    return { value, expiresAt: presentExpiry(store, stored, value) }
  }
  return mayBlock ? read() : gate.attempt(read)
}

/** Returns the value of the key after all commits so far, in-flight commits included, or `READ_MISS`. */
function currentValue(parts: ConditionalParts, mayBlock: boolean): Uint8Array | undefined | typeof READ_MISS {
  const { commits, gate, store, key } = parts
  if (mayBlock) return commits.valueOf(store, key, key.length)
  return gate.attempt(() => commits.valueOf(store, key, key.length))
}

function commitValue(
  parts: ConditionalParts,
  next: Uint8Array | undefined,
  resolve: () => void,
  reject: (error: unknown) => void,
  expiresAt?: number,
): void {
  const { commits, store, key, durability, ttlMs } = parts
  const batch = commits.takeBatch()
  if (next === undefined) batch.delete(store.descriptor.id, key)
  else batch.put(store.descriptor.id, key, encodeNext(store, next, ttlMs, expiresAt))
  commits.append(batch, durability, resolve, reject)
}

/** Compares the value of a key with `expected` and writes `next` if they are equal; `undefined` means an absent key. */
export function compareAndSwapBytes(
  parts: ConditionalParts,
  expected: Uint8Array | undefined,
  next: Uint8Array | undefined,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    parts.commits.submit(
      rejectOnThrow(reject, (mayBlock) => {
        parts.check()
        const current = currentValue(parts, mayBlock)
        if (current === READ_MISS) return READ_MISS
        const done = (): void => {
          resolve(true)
        }
        if (!sameValue(current, expected)) {
          // The value may belong to a commit that is not durable yet: the result waits for that commit.
          parts.commits.whenVisible(() => {
            resolve(false)
          }, reject)
        } else if (next === undefined && expected === undefined) parts.commits.whenVisible(done, reject)
        else commitValue(parts, next, done, reject)
        return undefined
      }),
    )
  })
}

/** Writes the result of `change`, and resolves to it. */
export function updateValue<K, V>(
  parts: ConditionalParts,
  codec: KeyspaceCodec<K, V>,
  change: (value: V | undefined) => V | undefined,
): Promise<V | undefined> {
  return new Promise((resolve, reject) => {
    parts.commits.submit(
      rejectOnThrow(reject, (mayBlock) => {
        parts.check()
        const { commits, store, key } = parts
        const present = currentEntry(parts, mayBlock)
        if (present === READ_MISS) return READ_MISS
        const { value: before, expiresAt } = present
        const seqBefore = commits.newestSeq
        const next = change(before === undefined ? undefined : codec.decodeValue(before))
        refusePromise(next, 'the function given to update')
        const nextBytes = next === undefined ? undefined : codec.encodeValue(next).slice()
        parts.check()
        if (commits.newestSeq !== seqBefore && !sameValue(commits.valueOf(store, key, key.length), before)) {
          throw new LdbError('LDB_CONFLICT', 'the function given to update has changed the key itself', {
            details: { key },
          })
        }
        const done = (): void => {
          resolve(next)
        }
        if (nextBytes === undefined && before === undefined) commits.whenVisible(done, reject)
        else commitValue(parts, nextBytes, done, reject, expiresAt)
        return undefined
      }),
    )
  })
}

function rejectOnThrow(reject: (error: unknown) => void, run: WaitingWrite['run']): WaitingWrite {
  return {
    run: (mayBlock) => {
      try {
        return run(mayBlock)
      } catch (error) {
        reject(error)
        return undefined
      }
    },
  }
}

function sameValue(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b)
}
