import { loadPeer } from '../../peers/packages.js'
import type { Entry, TrustOptions, TrustStore, TrustSubject } from '../subject.js'

type Operation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string }

/** The API of abstract-level, which both bindings have. */
interface Level {
  open(options?: object): Promise<void>
  get(key: string): Promise<string | undefined>
  batch(operations: readonly Operation[], options: { sync: boolean }): Promise<void>
  iterator(): { all(): Promise<Entry[]> }
  close(): Promise<void>
}

type LevelClass = (new (dir: string, options: object) => Level) & { repair(dir: string): Promise<void> }

/** classic-level, a binding of LevelDB. It has no option for the check of checksums. */
export const classicLevel: TrustSubject = {
  id: 'classic-level',
  title: 'classic-level',
  packageName: 'classic-level',
  encrypts: false,
  open: (options) => openLevel(levelClass(), options),
  async repair(dir) {
    await levelClass().repair(dir)
    return dir
  },
}

/** RocksDB. */
export const rocksdb: TrustSubject = {
  id: 'rocksdb',
  title: 'RocksDB',
  packageName: '@nxtedition/rocksdb',
  encrypts: false,
  open: (options) =>
    openLevel(loadPeer<{ RocksLevel: LevelClass }>('@nxtedition/rocksdb').RocksLevel, options),
}

function levelClass(): LevelClass {
  return loadPeer<{ ClassicLevel: LevelClass }>('classic-level').ClassicLevel
}

async function openLevel(Class: LevelClass, { dir }: TrustOptions): Promise<TrustStore> {
  const db = new Class(dir, { keyEncoding: 'utf8', valueEncoding: 'utf8' })
  await db.open()
  return {
    get: (key) => db.get(key),
    write: (puts, deletes = []) =>
      db.batch(
        [
          ...puts.map(([key, value]) => ({ type: 'put' as const, key, value })),
          ...deletes.map((key) => ({ type: 'del' as const, key })),
        ],
        { sync: true },
      ),
    entries: () => db.iterator().all(),
    close: () => db.close(),
  }
}
