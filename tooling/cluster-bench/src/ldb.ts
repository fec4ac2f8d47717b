import type { KeyValueDatabase } from '@ldb/cluster'
import {
  batchKeys,
  BATCH_ENTRIES,
  KEYS,
  keyOf,
  manyKeys,
  pairOf,
  SCAN_ENTRIES,
  scanStart,
  VALUE,
} from './workload.js'
import type { Operations } from './workload.js'

interface Commit {
  readonly changes: readonly { readonly value?: unknown }[]
}

/** Fills a database. */
export async function fill(db: KeyValueDatabase): Promise<void> {
  for (let first = 0; first < KEYS; first += BATCH_ENTRIES)
    await putBatch(db, batchKeys(first / BATCH_ENTRIES))
}

/** Returns the operations on a database. @param watch - returns its changes. It is called by the row that needs them: they cost the commits of other rows, too. */
export function ldbOperations(db: KeyValueDatabase, watch: () => AsyncIterable<unknown>): Operations {
  let commits: AsyncIterator<unknown> | undefined
  return {
    put: (n) => db.put(keyOf(n), VALUE),
    get: (n) => db.get(keyOf(n)),
    'getMany 100': (n) => db.getMany(manyKeys(n)),
    'scan 1,000': (n) => db.entries({ gte: scanStart(n), limit: SCAN_ENTRIES }).toArray(),
    'batch 1,000': (n) => putBatch(db, batchKeys(n)),
    'transaction 2r+2w': (n) =>
      db.transaction(async (tx) => {
        const keys = pairOf(n)
        await tx.getMany(keys)
        for (const key of keys) await tx.put(key, VALUE)
      }),
    'put to change': async (n) => {
      commits ??= watch()[Symbol.asyncIterator]()
      const value = `${n}.${performance.now()}`
      const written = db.put('change', value)
      for (;;) {
        const { value: commit, done } = (await commits.next()) as IteratorResult<Commit, undefined>
        if (done === true) throw new Error('the changes have ended')
        if (commit.changes.some((change) => change.value === value)) break
      }
      await written
    },
  }
}

function putBatch(db: KeyValueDatabase, keys: readonly string[]): Promise<void> {
  const batch = db.batch()
  for (const key of keys) batch.put(key, VALUE)
  return batch.commit()
}
