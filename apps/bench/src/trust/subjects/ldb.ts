import { AsyncDatabase } from '@ldb/core'
import type { EngineName } from '@ldb/core'
import type { Entry, TrustStore, TrustSubject } from '../subject.js'

/** LDB with its B+tree. */
export const ldb: TrustSubject = ldbSubject('ldb', 'LDB B+tree', 'btree')
/** LDB with its LSM tree. */
export const ldbLsm: TrustSubject = ldbSubject('ldb-lsm', 'LDB LSM', 'lsm')

function ldbSubject(id: string, title: string, engine: EngineName): TrustSubject {
  return {
    id,
    title,
    encrypts: false,
    async open({ dir }) {
      return storeOf(await AsyncDatabase.open(dir, { engine }))
    },
  }
}

function storeOf(db: AsyncDatabase): TrustStore {
  return {
    get: (key) => db.get(key),
    async write(puts, deletes = []) {
      const batch = db.batch()
      for (const [key, value] of puts) batch.put(key, value)
      for (const key of deletes) batch.delete(key)
      await batch.commit({ durability: 'full' })
    },
    entries: async () => (await db.entries().toArray()) as Entry[],
    seq: () => db.sync.seq,
    close: () => db.close(),
  }
}
