import { Database } from '@ldb/core'
import type { DatabaseOptions, Keyspace } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import { bytesOf } from '../base/byte-text.js'
import { History } from '../history/history.js'
import type { ModelChange, ModelState } from '../history/history.js'
import { TestRandom } from '../base/test-random.js'
import { captureImage } from './directory-image.js'
import type { DirectoryImage } from './directory-image.js'

/** State in which a golden database was left: closed cleanly, open with unsynced commits, or during truncation of the log. */
export type GoldenEnding = 'closed' | 'open' | 'cutting'

export const GOLDEN_ENDINGS: readonly GoldenEnding[] = ['closed', 'open', 'cutting']

/** What a golden database is like: plain with B+trees, encrypted with both engines and blob files, or plain with LSM trees and blob files. */
export type GoldenKind = 'plain' | 'encrypted' | 'lsm'

/** Options by which a golden database is created, and opened. */
export const GOLDEN_OPTIONS: Readonly<Record<GoldenKind, DatabaseOptions>> = {
  plain: {},
  encrypted: { encryption: { key: new Uint8Array(32).fill(11) }, blobBytes: 2500, compression: 'lz4' },
  lsm: { engine: 'lsm', blobBytes: 2500, memtableBytes: 65_536, workers: 0, compression: 'deflate' },
}

/** Path of every golden database. */
export const GOLDEN_PATH = 'golden'

/** An entry. Keys and values have the types of the encodings of their keyspace. */
export type GoldenEntry = readonly [key: string | Uint8Array, value: string | Uint8Array]

/** A small database with every kind of page and record, together with its expected content. */
export interface Golden {
  readonly kind: GoldenKind
  readonly ending: GoldenEnding
  readonly image: DirectoryImage
  /** The same database at an earlier checkpoint. */
  readonly older: DirectoryImage
  /** Another database, created in the same way from another seed. */
  readonly other: DirectoryImage
  /** Sequence number of the newest commit. */
  readonly lastSeq: number
  /** Names of its keyspaces. */
  readonly spaces: readonly string[]
  /** Returns the entries of a keyspace after a commit, in key order. */
  entriesAt(seq: number, space: string): readonly GoldenEntry[]
}

const SPACES = ['default', 'long', 'churn', 'empty']

/** Creates a golden database. A seed determines it completely. */
export function makeGolden(seed: number, ending: GoldenEnding, kind: GoldenKind = 'plain'): Golden {
  const maker = new GoldenMaker(seed, ending, kind)
  const { older, image, history } = maker.make()
  const other = new GoldenMaker(seed ^ 0x5bd1e995, ending, kind).make().image
  const cache = new Map<string, readonly GoldenEntry[]>()
  return {
    kind,
    ending,
    image,
    older,
    other,
    lastSeq: history.submitted,
    spaces: SPACES,
    entriesAt(seq, space): readonly GoldenEntry[] {
      const id = `${seq}/${space}`
      const entries = cache.get(id) ?? entriesOf(history.stateAt(seq), space)
      cache.set(id, entries)
      return entries
    },
  }
}

function entriesOf(state: ModelState, space: string): readonly GoldenEntry[] {
  const prefix = `${space}/`
  const found: [string, string][] = []
  for (const [name, value] of state)
    if (name.startsWith(prefix)) found.push([name.slice(prefix.length), value])
  found.sort(([a], [b]) => (a < b ? -1 : 1))
  return space === 'default' ? found : found.map(([key, value]) => [bytesOf(key), bytesOf(value)])
}

/** Opens a keyspace of a golden database with its encodings. */
export function goldenSpace(db: Database, name: string): Keyspace<never, never> {
  const space: unknown =
    name === 'default' ? db.keyspace(name) : db.keyspace(name, { keys: 'binary', values: 'binary' })
  return space as Keyspace<never, never>
}

class GoldenMaker {
  readonly #random: TestRandom
  readonly #ending: GoldenEnding
  readonly #kind: GoldenKind
  readonly #vfs: MemoryVfs
  readonly #history: History = new History()
  #db: Database
  /** Image taken before the first removal of a log segment since this was last cleared. */
  #atRemoval: DirectoryImage | undefined = undefined

  constructor(seed: number, ending: GoldenEnding, kind: GoldenKind) {
    this.#random = new TestRandom(seed)
    this.#ending = ending
    this.#kind = kind
    this.#vfs = new MemoryVfs({ seed })
    this.#watchRemovals()
    this.#db = Database.open(GOLDEN_PATH, { ...GOLDEN_OPTIONS[kind], vfs: this.#vfs, cacheBytes: 2 ** 20 })
  }

  make(): { image: DirectoryImage; older: DirectoryImage; history: History } {
    this.#fill()
    this.#db.checkpoint()
    const older = trimmed(captureImage(this.#vfs, GOLDEN_PATH))
    this.#change()
    this.#db.checkpoint()
    this.#commit([{ kind: 'put', space: 'default', key: 'user:07', value: 'changed once more' }])
    const image = trimmed(this.#end())
    return { image, older, history: this.#history }
  }

  #fill(): void {
    // An encrypted database has both engines.
    if (this.#kind === 'encrypted')
      this.#db.keyspace('churn', { keys: 'binary', values: 'binary', engine: 'lsm' })
    for (const name of ['long', 'gone', 'churn', 'empty']) goldenSpace(this.#db, name)
    this.#noteKeyspaces()
    this.#commit(this.#puts('default', 36, (index) => [`user:${pad(index)}`, this.#text(200 + index * 5)]))
    const lengths = [0, 1, 40, 300, 1023, 1024, 1025, 1600, 2600]
    this.#commit(
      this.#puts('long', lengths.length, (index) => {
        const length = lengths[index] ?? 0
        return [
          `${'k'.repeat(Math.max(0, length - 2))}${pad(index)}`.slice(0, length),
          this.#text(index % 2 === 0 ? 2100 : 30),
        ]
      }),
    )
    this.#commit([{ kind: 'put', space: 'long', key: 'run', value: this.#text(9000) }])
    this.#commit(this.#puts('churn', 60, (index) => [`c${pad(index)}`, this.#text(380)]))
    goldenSpace(this.#db, 'gone').put(bytesOf('x') as never, bytesOf('y') as never)
    this.#history.submit([])
    this.#db.dropKeyspace('gone')
    this.#noteKeyspaces()
  }

  /** Notes the commits that have created and dropped keyspaces. */
  #noteKeyspaces(): void {
    while (this.#history.submitted < this.#db.seq) this.#history.submit([])
  }

  #change(): void {
    this.#commit([{ kind: 'deleteRange', space: 'churn', lower: 'c10', upper: 'c50' }])
    this.#commit([
      { kind: 'delete', space: 'default', key: 'user:03' },
      { kind: 'put', space: 'churn', key: 'c99', value: this.#text(3000) },
      { kind: 'put', space: 'long', key: 'run', value: this.#text(9500) },
    ])
  }

  #end(): DirectoryImage {
    if (this.#ending === 'closed') {
      this.#db.close()
      return captureImage(this.#vfs, GOLDEN_PATH)
    }
    this.#commit([{ kind: 'deleteRange', space: 'churn', lower: 'c00', upper: 'c03' }])
    if (this.#ending === 'cutting') {
      this.#atRemoval = undefined
      this.#db.checkpoint()
      const image = this.#atRemoval as DirectoryImage | undefined
      this.#db.close()
      if (image === undefined) throw new Error('no segment was removed by a checkpoint')
      return image
    }
    for (let index = 0; index < 4; index++) {
      const value = this.#text(60 * (index + 1))
      const changes: ModelChange[] = ['default', 'long', 'churn'].map((space) => ({
        kind: 'put',
        space,
        key: `t${index}`,
        value,
      }))
      this.#commit(changes, index < 3 ? 'periodic' : 'none')
    }
    return captureImage(this.#vfs, GOLDEN_PATH)
  }

  #commit(changes: readonly ModelChange[], durability: 'full' | 'periodic' | 'none' = 'full'): void {
    const batch = this.#db.batch()
    for (const change of changes) {
      const target = batch.in(goldenSpace(this.#db, change.space))
      const encode = (text: string): never => (change.space === 'default' ? text : bytesOf(text)) as never
      if (change.kind === 'put') target.put(encode(change.key), encode(change.value))
      else if (change.kind === 'delete') target.delete(encode(change.key))
      else if (change.upper === undefined) target.deleteRange({ gte: encode(change.lower) })
      else target.deleteRange({ gte: encode(change.lower), lt: encode(change.upper) })
    }
    batch.commit({ durability })
    // A commit at `none` is not written to any file.
    if (durability !== 'none') this.#history.submit(changes)
  }

  #puts(space: string, count: number, entry: (index: number) => [string, string]): ModelChange[] {
    return Array.from({ length: count }, (_, index) => {
      const [key, value] = entry(index)
      return { kind: 'put', space, key, value }
    })
  }

  #text(length: number): string {
    let text = ''
    while (text.length < length) text += this.#random.word().toString(36)
    return text.slice(0, length)
  }

  #watchRemovals(): void {
    const vfs = this.#vfs
    const rename = vfs.rename.bind(vfs)
    vfs.rename = (source: string, target: string): void => {
      // Removal of a segment begins with a rename.
      if (source.endsWith('.wal')) this.#atRemoval ??= captureImage(vfs, GOLDEN_PATH)
      rename(source, target)
    }
  }
}

function pad(index: number): string {
  return String(index).padStart(2, '0')
}

/** Truncates most of the preallocated zeros of log segments. A segment may have any number of them. */
function trimmed(image: DirectoryImage): DirectoryImage {
  const files = new Map<string, Uint8Array>()
  for (const [path, bytes] of image.files) {
    if (path.endsWith('/LOCK')) continue
    let end = bytes.length
    if (path.endsWith('.wal')) {
      while (end > 8192 && bytes[end - 1] === 0) end--
      end = Math.min(bytes.length, Math.max(8192, end + 264))
    }
    files.set(path, bytes.slice(0, end))
  }
  return { directories: image.directories, files }
}
