import { statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileSource } from '../fields/byte-source.js'
import type { ByteSource, FindKeys } from '../fields/byte-source.js'
import { backupEntriesOf } from '../formats/backup-commits.js'
import type { BackupEntry } from '../formats/backup-commits.js'

/** A source that is closed. */
export interface OpenSource extends ByteSource {
  close(): void
}

/** Opens a file: one of a backup with the blocks that earlier backups of the series store, at their offsets in the file of the database. */
export function openSource(path: string, findKeys?: FindKeys): OpenSource {
  const name = /^(\d+)\.data$/.exec(basename(path))
  const directory = dirname(path)
  const index = Number(name?.[1])
  const entry = name === null ? undefined : entriesIn(directory)?.[index]
  // A file whose blocks are all stored is the file of the database itself.
  if (entry === undefined || entry.positions.length === entry.storedCount)
    return new FileSource(path, findKeys)
  return new BlockSource(path, directory, entry, findKeys)
}

/** A file of which some blocks are in earlier backups. Those that are in none are read as zeros. */
class BlockSource implements OpenSource {
  readonly name: string
  readonly byteCount: number
  readonly keys: FindKeys
  readonly #blockBytes: number
  /** The file that stores blocks, in this backup and in those before it, the newest first. */
  readonly #parts: { readonly source: FileSource; readonly entry: BackupEntry }[] = []

  constructor(path: string, directory: string, entry: BackupEntry, findKeys?: FindKeys) {
    this.name = path
    this.byteCount = entry.length
    this.#blockBytes = entry.blockBytes
    const own = new FileSource(path, findKeys)
    this.keys = own.keys
    this.#parts.push({ source: own, entry })
    const series = dirname(directory)
    for (let number = Number(basename(directory)) - 1; number > 0; number--) {
      const each = join(series, `${number}`)
      for (const [index, other] of (entriesIn(each) ?? []).entries()) {
        const file = join(each, `${index}.data`)
        const isSame =
          other !== undefined &&
          other.id === entry.id &&
          other.blockBytes === entry.blockBytes &&
          isFile(file)
        if (isSame) this.#parts.push({ source: new FileSource(file), entry: other })
      }
    }
  }

  read(offset: number, wanted: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(wanted, this.byteCount - offset)))
    for (let at = 0; at < bytes.length;) {
      const block = Math.floor((offset + at) / this.#blockBytes)
      const inBlock = (offset + at) % this.#blockBytes
      const byteCount = Math.min(this.#blockBytes - inBlock, bytes.length - at)
      const part = this.#parts.find(({ entry }) => (entry.positions[block] ?? -1) >= 0)
      const position = (part?.entry.positions[block] ?? 0) * this.#blockBytes
      if (part !== undefined) bytes.set(part.source.read(position + inBlock, byteCount), at)
      at += byteCount
    }
    return bytes
  }

  close(): void {
    for (const { source } of this.#parts) source.close()
  }
}

function entriesIn(directory: string): readonly (BackupEntry | undefined)[] | undefined {
  const manifest = join(directory, 'BACKUP')
  if (!isFile(manifest)) return undefined
  const source = new FileSource(manifest)
  try {
    return backupEntriesOf(source)
  } finally {
    source.close()
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
