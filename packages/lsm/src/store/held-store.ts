import { toSeq } from '@ldb/base'
import type { HeldCheckpoint, HeldFile, ResumableTask, Seq } from '@ldb/base'
import { HeldBytes } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { MANIFEST_NAME } from '../version/manifest-writer.js'
import type { Table } from '../version/table.js'
import type { OpenedStore } from './open.js'
import type { Persistence } from './persistence.js'

/** Bytes that copies of the files compare and copy together. */
const BLOCK_BYTES = 65_536

/** Holds the newest durable checkpoint, after the one in progress. */
export function holdStore(
  { vfs, directory, persistence, status }: OpenedStore,
  checkpoint: ResumableTask | undefined,
): HeldCheckpoint {
  status.assertReadable()
  checkpoint?.sync()
  persistence.complete()
  return new HeldStore(vfs, directory, persistence)
}

/**
 * The newest durable checkpoint of a store, held for a copy of its files: the manifest as it is now, and the tables that it names.
 *
 * @remarks (L2) A reference to each table keeps its file.
 */
class HeldStore implements HeldCheckpoint {
  readonly durableSeq: Seq
  readonly segmentId: Uint8Array
  readonly files: readonly HeldFile[]
  readonly #tables: readonly Table[]
  #isReleased = false

  /** @param persistence - with no change of the manifest in progress. */
  constructor(vfs: Vfs, directory: string, persistence: Persistence) {
    this.durableSeq = toSeq(persistence.durableSeq)
    this.segmentId = persistence.durableSegmentId.slice()
    const hasCheckpoint = persistence.durableSeq > 0
    this.#tables = hasCheckpoint ? persistence.durableTables() : []
    this.files = hasCheckpoint ? [heldManifest(vfs, directory), ...this.#tables.map(heldTable)] : []
    for (const table of this.#tables) table.addReference()
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const table of this.#tables) table.removeReference()
  }
}

function heldManifest(vfs: Vfs, directory: string): HeldFile {
  const file = vfs.open(`${directory}/${MANIFEST_NAME}`, 'read')
  try {
    const length = file.length()
    const bytes = new Uint8Array(length)
    file.read(bytes, 0, length, 0)
    return new HeldBytes({ number: 0, length, blockBytes: BLOCK_BYTES, isImmutable: false }, bytes)
  } finally {
    file.close()
  }
}

function heldTable({ meta, reader }: Table): HeldFile {
  const { number, fileBytes: length } = meta
  const shape = { number, length, blockBytes: BLOCK_BYTES, isImmutable: true }
  return new HeldBytes(shape, new Uint8Array(0), reader.file.bytes)
}
