import { AsyncDatabase } from '@ldb/core'
import type { Finding, Probe } from '../model/probe.js'

const CALLERS = 64
const OVERLAPPING_KEYS = 16
const ROUNDS = { tiny: 1, quick: 5, normal: 20, full: 50 }
const ATTEMPTS_AT_MOST = 2

/** Returns the keys of a caller's transaction. */
type KeysOf = (caller: number) => readonly string[]

/** Transactions of 64 concurrent callers on the same keys: failures, and attempts for each success. */
export const transactionContention: Probe = {
  id: 'transactions-contention',
  title: 'Transactions of 64 concurrent callers on the same keys',
  async run(effort): Promise<Finding[]> {
    const db = await AsyncDatabase.memory()
    const patterns: readonly (readonly [string, KeysOf])[] = [
      ['one key', () => ['key']],
      ['two of 16 keys', (caller) => [0, 1].map((step) => `key ${(caller + step) % OVERLAPPING_KEYS}`)],
      ['different keys', (caller) => [`key of ${caller}`]],
    ]
    const findings: Finding[] = []
    for (const [name, keysOf] of patterns)
      for (const isolation of ['serializable', 'snapshot'] as const)
        findings.push(...(await contend(db, `${name}, ${isolation}`, ROUNDS[effort], keysOf, isolation)))
    await db.close()
    return findings
  },
}

async function contend(
  db: AsyncDatabase,
  name: string,
  rounds: number,
  keysOf: KeysOf,
  isolation: 'serializable' | 'snapshot',
): Promise<Finding[]> {
  let attemptCount = 0
  let failureCount = 0
  const increment = (caller: number): Promise<void> =>
    db.transaction(
      async (tx) => {
        attemptCount++
        for (const key of keysOf(caller)) await tx.put(key, String(Number((await tx.get(key)) ?? 0) + 1))
      },
      { isolation },
    )
  for (let round = 0; round < rounds; round++) {
    const calls = Array.from({ length: CALLERS }, (_, caller) => increment(caller))
    for (const { status } of await Promise.allSettled(calls)) if (status === 'rejected') failureCount++
  }
  const successCount = rounds * CALLERS - failureCount
  return [
    { name: `${name}: failures`, value: failureCount, unit: '', atMost: 0 },
    {
      name: `${name}: attempts for a success`,
      value: attemptCount / successCount,
      unit: '',
      atMost: ATTEMPTS_AT_MOST,
    },
  ]
}
