import { Database } from '@ldb/core'
import type { LibraryContext, LibraryFunction } from '../library-context.js'
import { reportText } from '../library-context.js'
import { OpenDatabase, Target } from '../library-objects.js'
import { databaseOptions, keyspaceOptions, OptionBlock } from '../option-block.js'

const BINARY = { keys: 'binary', values: 'binary' } as const

/** Opening, keyspaces and closing. */
export function databaseCalls(context: LibraryContext): Record<string, LibraryFunction> {
  const { arena, objects } = context
  const databaseOf = (id: number): Database => objects.get(id, OpenDatabase).database
  return {
    /** @param pathBytes - length of the path; 0: a memory-only database. */
    open(pathBytes) {
      const block = new OptionBlock(arena)
      const path = block.takeText(pathBytes)
      const options = databaseOptions(block)
      const database = path === '' ? Database.memory(options) : Database.open(path, options)
      return objects.add(new OpenDatabase(database))
    },
    close(id) {
      databaseOf(id).close()
      objects.remove(id)
      return 0
    },
    defaultKeyspace(id) {
      const database = databaseOf(id)
      const view = database.view(BINARY)
      return objects.add(new Target(view, view, undefined, database))
    },
    openKeyspace(id, nameBytes) {
      const { database, keyspaceIds } = objects.get(id, OpenDatabase)
      const block = new OptionBlock(arena)
      const name = block.takeText(nameBytes)
      const stored = database.keyspaces().some((descriptor) => descriptor.name === name)
      const keyspace = database.keyspace(name, keyspaceOptions(block, stored))
      const present = keyspaceIds.get(keyspace)
      if (present !== undefined) return present
      const view = keyspace.view(BINARY)
      const added = objects.add(new Target(view, view, undefined, database))
      keyspaceIds.set(keyspace, added)
      return added
    },
    dropKeyspace(id, nameBytes) {
      databaseOf(id).dropKeyspace(new OptionBlock(arena).takeText(nameBytes))
      return 0
    },
    listKeyspaces: (id) => context.storeText(reportText(databaseOf(id).keyspaces())),
  }
}
