import { AsyncDatabase, Database } from '@ldb/core'
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
    encrypts: true,
    async open({ dir, key, archive }) {
      const options = {
        engine,
        ...(key !== undefined && { encryption: { key } }),
        ...(archive !== undefined && { archive: { to: archive } }),
      }
      return storeOf(await AsyncDatabase.open(dir, options))
    },
    restore(backup, target) {
      Database.restore(backup, target)
      return Promise.resolve()
    },
    restoreUntil(backup, archive, target, until) {
      Database.restore(backup, target, { archive, until })
      return Promise.resolve()
    },
    repair(dir, target) {
      Database.repair(dir, { target })
      return Promise.resolve(target)
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
    async backup(target) {
      await db.backup(target)
    },
    seq: () => db.sync.seq,
    close: () => db.close(),
  }
}
