import type { EntryBytes } from './copied-entries.js'
import { loadUserPackage } from './user-package.js'

/** The used part of classic-level. */
interface LevelReader {
  open(options: object): Promise<void>
  iterator(options: object): {
    nextv(count: number): Promise<(readonly [Uint8Array, Uint8Array])[]>
    close(): Promise<void>
  }
  close(): Promise<void>
}

const CHUNK_ENTRIES = 1000

/** Yields the entries of a database of LevelDB, byte for byte. */
export async function* entriesOfLevel(directory: string): AsyncGenerator<readonly EntryBytes[], void, void> {
  const { content } = loadUserPackage('--from-level', ['classic-level'])
  const { ClassicLevel } = content as {
    readonly ClassicLevel: new (directory: string, options: object) => LevelReader
  }
  const level = new ClassicLevel(directory, { keyEncoding: 'view', valueEncoding: 'view' })
  await level.open({ createIfMissing: false })
  try {
    const iterator = level.iterator({})
    for (;;) {
      const entries = await iterator.nextv(CHUNK_ENTRIES)
      if (entries.length === 0) break
      yield entries
    }
    await iterator.close()
  } finally {
    await level.close()
  }
}
