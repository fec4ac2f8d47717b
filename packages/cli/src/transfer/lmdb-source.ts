import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import type { EntryBytes } from './copied-entries.js'
import { loadUserPackage } from './user-package.js'

/** The used part of lmdb. */
interface LmdbReader {
  openDB(options: object): LmdbReader
  getRange(): Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>
  close(): Promise<void>
}

const CHUNK_ENTRIES = 1000

/**
 * Yields the entries of a database of LMDB as lmdb-js stores them, byte for byte.
 *
 * @param path - of the directory, or of the file that lmdb-js makes for a name with an extension.
 * @param table - name of a database in it; without one the main database.
 */
export async function* entriesOfLmdb(
  path: string,
  table: string | undefined,
): AsyncGenerator<readonly EntryBytes[], void, void> {
  const { content } = loadUserPackage('--from-lmdb', ['lmdb'])
  const { open } = content as { readonly open: (options: object) => LmdbReader }
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory()
  if (isDirectory === undefined || (isDirectory && !existsSync(join(path, 'data.mdb'))))
    throw new CommandExit(ExitCode.notFound, `there is no database of LMDB at ${path}`)
  const bytes = { keyEncoding: 'binary', encoding: 'binary' }
  const root = open({ path, readOnly: true, noSubdir: !isDirectory, maxDbs: 32, ...bytes })
  try {
    const database = table === undefined ? root : root.openDB({ name: table, ...bytes })
    let entries: EntryBytes[] = []
    for (const { key, value } of database.getRange()) {
      // The value is a view that the next one overwrites.
      entries.push([Uint8Array.from(key), Uint8Array.from(value)])
      if (entries.length < CHUNK_ENTRIES) continue
      yield entries
      entries = []
    }
    yield entries
  } finally {
    await root.close()
  }
}
