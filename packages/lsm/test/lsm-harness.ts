import { NO_SEGMENT_ID, toSeq, WriteBatch } from '@ldb/base'
import type { StoreLoad, StoreSnapshot, VerifyFinding } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { LsmTree } from '../src/index.js'
import type { LsmTreeOptions } from '../src/index.js'

/** Sizes with which a few hundred entries fill several levels. */
export const SMALL: LsmTreeOptions = {
  memtableBytes: 4096,
  blockBytes: 256,
  tableBytes: 2048,
  levelBaseBytes: 4096,
}

/** Returns Latin-1 text as bytes. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** Returns bytes as Latin-1 text. */
export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}

/** A store in memory, with a map of what it should contain. */
export class LsmHarness {
  readonly vfs: Vfs
  readonly options: LsmTreeOptions
  readonly entries: Map<string, string> = new Map()
  store: LsmTree
  #seq = 0

  constructor(options: LsmTreeOptions = SMALL, vfs: Vfs = new MemoryVfs()) {
    this.vfs = vfs
    this.options = options
    this.store = LsmTree.open(vfs, 'store', options)
  }

  put(key: string, value: string): void {
    this.entries.set(key, value)
    this.#apply((batch) => batch.put(0, bytesOf(key), bytesOf(value)))
  }

  delete(key: string): void {
    this.entries.delete(key)
    this.#apply((batch) => batch.delete(0, bytesOf(key)))
  }

  deleteRange(lower: string, upper?: string): void {
    for (const key of this.entries.keys()) {
      if (key >= lower && (upper === undefined || key < upper)) this.entries.delete(key)
    }
    this.#apply((batch) =>
      batch.deleteRange(0, bytesOf(lower), upper === undefined ? undefined : bytesOf(upper)),
    )
  }

  /** Installs a load as the next commit. Its entries must be added to `entries`. */
  install(load: StoreLoad): void {
    load.install(toSeq(++this.#seq), {
      segmentId: NO_SEGMENT_ID,
      sync: () => undefined,
      syncAsync: () => Promise.resolve(),
    })
  }

  /** Loads sorted entries as the next commit. */
  load(entries: readonly (readonly [key: string, value: string])[]): void {
    const load = this.store.beginLoad()
    for (const [key, value] of entries) {
      load.add(bytesOf(key), key.length, bytesOf(value))
      if (load.isPersistDue) load.persist().sync()
      this.entries.set(key, value)
    }
    load.complete().sync()
    this.install(load)
  }

  reopen(): void {
    this.store.close()
    this.store = LsmTree.open(this.vfs, 'store', this.options)
    this.#seq = this.store.seq
  }

  /** Goes on with the entries of an earlier harness, whose store this one has opened. */
  continue(entries: ReadonlyMap<string, string>): void {
    for (const [key, value] of entries) this.entries.set(key, value)
    this.#seq = this.store.seq
  }

  /** Names of the table files. */
  tableNames(): string[] {
    return this.vfs.list('store').filter((name) => name.endsWith('.sst'))
  }

  /** Returns the content of the present state. */
  content(): Map<string, string> {
    const snapshot = this.store.snapshot()
    try {
      return contentOf(snapshot)
    } finally {
      snapshot.release()
    }
  }

  #apply(fill: (batch: WriteBatch) => unknown): void {
    const batch = new WriteBatch()
    fill(batch)
    for (const section of batch.sections()) this.store.apply(section, toSeq(++this.#seq))
  }
}

export function contentOf(snapshot: StoreSnapshot): Map<string, string> {
  const content = new Map<string, string>()
  const cursor = snapshot.cursor()
  while (cursor.next()) content.set(textOf(cursor.key), textOf(cursor.value))
  cursor.close()
  return content
}

export function sorted(entries: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Returns the findings of a verification, and the amounts that it has checked. */
export function verified(store: LsmTree): { findings: VerifyFinding[]; files: number; entries: number } {
  const findings: VerifyFinding[] = []
  let files = 0
  let entries = 0
  store.verify({
    finding: (finding) => findings.push(finding),
    progress: (progress) => {
      files += progress.files ?? 0
      entries += progress.entries
    },
  })
  return { findings, files, entries }
}

/** Returns the content of a file. */
export function fileBytes(vfs: Vfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

/** Replaces the content of a file. */
export function writeFile(vfs: Vfs, path: string, bytes: Uint8Array): void {
  const file = vfs.open(path, 'create')
  file.truncate(0)
  file.write(bytes, 0, bytes.length, 0)
  file.close()
}
