import { concatBytes, corruption, equalBytes, invalidArgument } from '@ldb/base'
import { directoryOf } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { blockBytesAt, blockCountOf, decodeManifest, isStored } from '../backup/manifest.js'
import type { BackupFile } from '../backup/manifest.js'
import { assertSpace, backupPath, dataPath, MANIFEST_NAME } from '../backup/series.js'
import type { ByteSource } from './byte-source.js'
import { SourceFailure } from './byte-source.js'
import { SectionReader } from './section-reader.js'
import type { ReceivedBytes } from './section-reader.js'
import type { StreamHeader } from './section.js'

/** How streams are received. */
export interface Receiving {
  readonly vfs: Vfs
  /** Directory in which they become a series of backups. */
  readonly directory: string
  /** Waits for a promise of the caller. */
  readonly wait: <T>(promise: Promise<T>) => Promise<T>
  /** Lets other tasks of the event loop run. */
  yieldThread(): Promise<void>
  /**
   * Opens the stream that goes on at an offset after one has failed; `undefined` where there is none.
   *
   * @param error - the failure; `undefined` when the stream has ended too early.
   */
  resume(offset: number, error: unknown): Promise<ByteSource | undefined>
  /** Called after each part with the bytes that have arrived. Throws to end the restore. */
  progress(byteCount: number): void
}

/**
 * Writes the stream of a backup to a directory, as a backup of a series. Every section is checked before it is written; nothing is synced.
 *
 * @param name - of the stream, for errors.
 * @returns the number of the backup in its series.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_NO_SPACE, LDB_IO; the error of the source; and what `progress` throws.
 */
export async function receiveStream(first: ByteSource, name: string, receiving: Receiving): Promise<number> {
  const reader = new SectionReader(name)
  const received = new ReceivedBackup(name, receiving)
  let source: ByteSource | undefined = first
  try {
    while (source !== undefined) {
      const failure = await receivePart(source, reader, received, receiving)
      source.end()
      if (failure === undefined && reader.isEnded) break
      source = await receiving.resume(reader.offset, failure?.error)
      if (source !== undefined) continue
      if (failure !== undefined) throw failure.error
      reader.end()
    }
    return received.end()
  } catch (error) {
    source?.end()
    throw error
  } finally {
    received.close()
  }
}

/** Receives what a source returns. Returns its failure. */
async function receivePart(
  source: ByteSource,
  reader: SectionReader,
  received: ReceivedBackup,
  receiving: Receiving,
): Promise<SourceFailure | undefined> {
  for (;;) {
    let part: Uint8Array | undefined
    try {
      part = await source.next(receiving.wait)
    } catch (error) {
      if (error instanceof SourceFailure) return error
      throw error
    }
    if (part === undefined) return undefined
    for (const bytes of reader.add(part)) {
      received.begin(reader.header as StreamHeader)
      await received.write(bytes)
      await receiving.yieldThread()
    }
    receiving.progress(part.length)
  }
}

/** A backup that is being received. */
class ReceivedBackup {
  readonly #name: string
  readonly #receiving: Receiving
  #header: StreamHeader | undefined = undefined
  #path = ''
  #file: VfsFile | undefined = undefined
  #fileIndex = -1
  readonly #lengths: Map<number, number> = new Map()
  readonly #manifest: Uint8Array[] = []

  constructor(name: string, receiving: Receiving) {
    this.#name = name
    this.#receiving = receiving
  }

  /** Creates the directory, once the header has arrived. */
  begin(header: StreamHeader): void {
    if (this.#header !== undefined) return
    const { vfs, directory } = this.#receiving
    this.#header = header
    this.#path = backupPath(directory, header.number)
    if (vfs.status(this.#path) !== undefined)
      throw invalidArgument(`two of the streams are backup ${header.number} of a series`)
    assertSpace(vfs, directoryOf(directory), header.totalBytes)
    vfs.makeDirectory(this.#path)
  }

  async write({ fileIndex, dataOffset, payload }: ReceivedBytes): Promise<void> {
    if (fileIndex !== this.#fileIndex) this.#open(fileIndex)
    if (fileIndex === 0) this.#manifest.push(payload.slice())
    this.#lengths.set(fileIndex, dataOffset + payload.length)
    await this.#file?.writeAsync(payload, 0, payload.length, dataOffset)
  }

  /** Compares the manifest with the stream around it. Returns its number. @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT. */
  end(): number {
    this.close()
    const manifest = decodeManifest(concatBytes(...this.#manifest), this.#name)
    const header = this.#header as StreamHeader
    const isSame =
      equalBytes(manifest.databaseId, header.databaseId) &&
      equalBytes(manifest.branchId, header.branchId) &&
      equalBytes(manifest.backupId, header.streamId) &&
      equalBytes(manifest.parentId, header.parentId) &&
      manifest.seq === header.seq &&
      manifest.number === header.number
    if (!isSame) throw corruption(this.#name, 0, 'the stream contains the manifest of another backup')
    for (const index of this.#lengths.keys()) {
      if (index > manifest.files.length)
        throw corruption(this.#name, 0, 'the stream contains a file that the manifest does not name')
    }
    for (const [at, file] of manifest.files.entries()) {
      if ((this.#lengths.get(at + 1) ?? 0) !== storedBytesOf(file))
        throw corruption(this.#name, 0, 'a file in the stream has another length')
    }
    return manifest.number
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #open(fileIndex: number): void {
    this.close()
    this.#fileIndex = fileIndex
    const path = fileIndex === 0 ? `${this.#path}/${MANIFEST_NAME}` : dataPath(this.#path, fileIndex - 1)
    this.#file = this.#receiving.vfs.open(path, 'createNew')
  }
}

function storedBytesOf(file: BackupFile): number {
  const lastBlock = blockCountOf(file) - 1
  if (file.storedCount === 0) return 0
  const isLastStored = isStored(file, lastBlock)
  return (
    (file.storedCount - 1) * file.blockBytes +
    (isLastStored ? blockBytesAt(file, lastBlock) : file.blockBytes)
  )
}
