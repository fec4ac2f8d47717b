import { equalBytes, LdbError, refusePromise } from '@ldb/base'
import type { AsyncCommits } from '../commit/async-commits.js'
import type { WaitingWrite } from '../commit/conditional-queue.js'
import { decodeBorrowedValue } from '../keyspace/borrowed-decode.js'
import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'
import type { Durability } from '../health/options.js'
import type { KeyspaceCodec } from '../keyspace/codec.js'
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
): void {
  const { commits, store, key, durability, ttlMs } = parts
  const batch = commits.takeBatch()
  if (next === undefined) batch.delete(store.descriptor.id, key)
  else batch.put(store.descriptor.id, key, store.encodeExpiry(next, ttlMs))
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
        const before = currentValue(parts, mayBlock)
        if (before === READ_MISS) return READ_MISS
        const seqBefore = commits.newestSeq
        const next = change(before === undefined ? undefined : decodeBorrowedValue(codec, before))
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
        else commitValue(parts, nextBytes, done, reject)
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
