import { Database } from '@ldb/core'
import type { LibraryContext, LibraryFunction } from '../library-context.js'
import { reportText } from '../library-context.js'
import { OpenDatabase } from '../library-objects.js'
import { OptionBlock, present } from '../option-block.js'

/** What keeps a database healthy, and what is done to a closed one. Reports are JSON. */
export function maintenanceCalls(context: LibraryContext): Record<string, LibraryFunction> {
  const { arena, objects } = context
  const databaseOf = (id: number): Database => objects.get(id, OpenDatabase).database
  const store = (report: unknown): number => context.storeText(reportText(report))
  return {
    sync(id) {
      databaseOf(id).sync()
      return 0
    },
    checkpoint(id) {
      databaseOf(id).checkpoint()
      return 0
    },
    compact(id) {
      databaseOf(id).compact()
      return 0
    },
    verify: (id) => store(databaseOf(id).verify()),
    /** @param answered - gets that the host has answered by itself; `entered` - those that called the library. */
    stats: (id, answered, entered) => store({ ...databaseOf(id).stats(), readWindow: { answered, entered } }),
    backup(id, pathBytes, isIncremental) {
      const directory = new OptionBlock(arena).takeText(pathBytes)
      return store(databaseOf(id).backup(directory, { incremental: isIncremental !== 0 }))
    },
    verifyDirectory(pathBytes, kind, secretBytes) {
      const block = new OptionBlock(arena)
      const path = block.takeText(pathBytes)
      return store(Database.verify(path, present({ encryption: block.takeEncryption(kind, secretBytes) })))
    },
    /** @param until - newest commit of the restored database; negative: that of the backup. */
    restore(backupBytes, pathBytes, kind, secretBytes, until) {
      const block = new OptionBlock(arena)
      const backup = block.takeText(backupBytes)
      const path = block.takeText(pathBytes)
      const encryption = block.takeEncryption(kind, secretBytes)
      return store(
        Database.restore(backup, path, present({ encryption, until: until < 0 ? undefined : until })),
      )
    },
    repair(pathBytes, targetBytes, kind, secretBytes) {
      const block = new OptionBlock(arena)
      const path = block.takeText(pathBytes)
      const target = block.takeText(targetBytes)
      const encryption = block.takeEncryption(kind, secretBytes)
      return store(Database.repair(path, { target, ...present({ encryption }) }))
    },
    destroy(pathBytes) {
      Database.destroy(new OptionBlock(arena).takeText(pathBytes))
      return 0
    },
  }
}
