import { copyBytes, equalBytes, refusePromise } from '@ldb/base'
import type { OpenKeyspace } from '../keyspace/open-keyspace.js'
import { expiryAfter, expiryOf, valueOf } from '../values/stored-value.js'
import type { NextStored } from './change-keys.js'

/** Decides from the stored value of a key what is written, and notes the result of the operation. */
export interface KeyChange<T> {
  decide(stored: Uint8Array | undefined): NextStored
  readonly result: () => T
}

/** The change of `putIfAbsent` and `compareAndSwap`. `undefined` is an absent key. */
export function swap<K, V>(
  opened: OpenKeyspace<K, V>,
  expected: V | undefined,
  next: V | undefined,
  ttlMs: number | undefined,
): KeyChange<boolean> {
  const { codec } = opened
  const expectedBytes = expected === undefined ? undefined : copyBytes(codec.encodeValue(expected))
  const nextStored = next === undefined ? undefined : opened.encodeStored(next, ttlMs)
  let isSwapped = false
  return {
    decide(stored) {
      const present = presentValue(opened, stored)
      isSwapped =
        present === undefined || expectedBytes === undefined
          ? present === expectedBytes
          : equalBytes(present, expectedBytes)
      // An absent key that stays absent needs no write, nor does one that has expired.
      if (!isSwapped || (present === undefined && nextStored === undefined)) return 'unchanged'
      return nextStored
    },
    result: () => isSwapped,
  }
}

/** The change of `update`: keeps the expiry of a present value, unless there is a `ttlMs`. */
export function updated<K, V>(
  opened: OpenKeyspace<K, V>,
  change: (value: V | undefined) => V | undefined,
  ttlMs: number | undefined,
): KeyChange<V | undefined> {
  const { codec, session } = opened
  let next: V | undefined
  return {
    decide(stored) {
      const present = presentValue(opened, stored)
      next = change(present === undefined ? undefined : codec.decodeValue(present))
      refusePromise(next, 'the function of `update`')
      if (next === undefined) return present === undefined ? 'unchanged' : undefined
      const keepsExpiry = ttlMs === undefined && present !== undefined && stored !== undefined
      const expiresAt = keepsExpiry
        ? expiryOf(stored)
        : expiryAfter(session.environment.now(), ttlMs ?? opened.ttlMs)
      return codec.encodeStored(next, expiresAt)
    },
    result: () => next,
  }
}

/** The change of `take`. */
export function taken<K, V>(opened: OpenKeyspace<K, V>): KeyChange<V | undefined> {
  let value: V | undefined
  return {
    decide(stored) {
      const present = presentValue(opened, stored)
      value = present === undefined ? undefined : opened.codec.decodeValue(present)
      return present === undefined ? 'unchanged' : undefined
    },
    result: () => value,
  }
}

function presentValue<K, V>(
  opened: OpenKeyspace<K, V>,
  stored: Uint8Array | undefined,
): Uint8Array | undefined {
  return stored === undefined ? undefined : valueOf(stored, opened.session.environment.now())
}
