import { corruption } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { syncSteps } from '../backup/block-file.js'
import { blockBytesAt, blockCountOf, isBlock, isStored, keyOf } from '../backup/manifest.js'
import type { BackupFile, BackupFileId } from '../backup/manifest.js'
import { dataPath, openForReading } from '../backup/series.js'
import type { BackupChain } from '../backup/series.js'

/** Bytes that one step reads and writes, at least a block: longer writes take more processor time on Linux. */
const STEP_BYTES = 262_144

/** What reading a file of a backup needs. */
export interface FileReading {
  readonly vfs: Vfs
  readonly chain: BackupChain
  /** The backups are only for this restore: their files may become those of the database. */
  readonly isOwned: boolean
  /** Yields the thread. */
  readonly timeSlice: Syncable
  /** Called after each step with the number of bytes that were read. Throws to end the restore. */
  progress(byteCount: number): void
}

/** The stored blocks of a file in one backup of a chain. */
interface Layer {
  readonly entry: BackupFile
  readonly path: string
  /** Offset of the next stored block. */
  next: number
}

/** Blocks that follow each other in one backup. */
interface Run {
  readonly layer: Layer
  readonly start: number
  readonly firstBlock: number
  byteCount: number
}

/**
 * Reads a file of the newest backup of a chain, each block from the backup that stores it, and checks every block.
 *
 * @param use - receives consecutive bytes, which are borrowed.
 * @throws {@link LdbError} LDB_CORRUPTION, which names the file of the backup; LDB_IO.
 */
export function* readFile(
  entry: BackupFile,
  reading: FileReading,
  use: (bytes: Uint8Array) => Syncable,
): TaskSteps {
  const layers = layersOf(entry, reading.chain)
  const files = new Map<Layer, VfsFile>()
  const buffer = new Uint8Array(Math.min(entry.length, Math.max(STEP_BYTES, entry.blockBytes)))
  try {
    for (const run of runsOf(entry, layers)) {
      let file = files.get(run.layer)
      if (file === undefined) {
        file = openForReading(reading.vfs, run.layer.path)
        files.set(run.layer, file)
      }
      yield* readRun(entry, run, file, buffer)
      yield use(buffer.subarray(0, run.byteCount))
      reading.progress(run.byteCount)
      yield reading.timeSlice
    }
  } finally {
    for (const file of files.values()) file.close()
  }
}

/** Reports whether a file of the newest backup becomes one of the database as it is. */
export function isMoved(entry: BackupFile, { isOwned }: Pick<FileReading, 'isOwned'>): boolean {
  return isOwned && entry.length > 0 && entry.storedCount === blockCountOf(entry)
}

/** Writes a file of the newest backup of a chain to a path, and syncs it. */
export function* restoreFile(entry: BackupFile, reading: FileReading, target: Vfs, path: string): TaskSteps {
  if (isMoved(entry, reading)) {
    yield* moveFile(entry, reading, target, path)
    return
  }
  const file = target.open(path, 'createNew')
  try {
    let end = 0
    yield* readFile(entry, reading, (bytes) => {
      const at = end
      end += bytes.length
      return {
        sync: () => {
          file.write(bytes, 0, bytes.length, at)
        },
        syncAsync: () => file.writeAsync(bytes, 0, bytes.length, at),
      }
    })
    yield* syncSteps(target, file)
  } finally {
    file.close()
  }
}

/** Moves a file, whose blocks are all stored in the newest backup, to a path, when it was checked. */
function* moveFile(entry: BackupFile, reading: FileReading, target: Vfs, path: string): TaskSteps {
  const [layer] = layersOf(entry, reading.chain)
  yield* readFile(entry, reading, () => reading.timeSlice)
  target.rename((layer as Layer).path, path)
  const file = target.open(path, 'write')
  try {
    if (file.length() !== entry.length)
      throw corruption((layer as Layer).path, entry.length, 'a file of the backup is too long')
    yield* syncSteps(target, file)
  } finally {
    file.close()
  }
}

/** Returns a file of a manifest; `undefined` when it is not there. */
export function findFile(files: readonly BackupFile[], id: BackupFileId): BackupFile | undefined {
  return files.find((file) => keyOf(file) === keyOf(id))
}

function layersOf(entry: BackupFile, { manifests, paths }: BackupChain): Layer[] {
  const layers: Layer[] = []
  for (const [index, { files }] of manifests.entries()) {
    const at = files.findIndex((file) => keyOf(file) === keyOf(entry))
    if (at < 0) break
    layers.push({ entry: files[at] as BackupFile, path: dataPath(paths[index] as string, at), next: 0 })
  }
  return layers
}

function* runsOf(entry: BackupFile, layers: readonly Layer[]): Generator<Run, void, void> {
  const blockCount = blockCountOf(entry)
  let run: Run | undefined
  for (let block = 0; block < blockCount; block++) {
    const byteCount = blockBytesAt(entry, block)
    const found = findBlock(entry, layers, block, byteCount)
    if (found === undefined) {
      throw corruption(
        layers[0]?.path ?? '',
        block * entry.blockBytes,
        'no backup contains a block of the file',
      )
    }
    const { layer, start } = found
    const isNext = run?.layer === layer && run.start + run.byteCount === start
    if (run !== undefined && isNext && run.byteCount + byteCount <= STEP_BYTES) run.byteCount += byteCount
    else {
      if (run !== undefined) yield run
      run = { layer, start, firstBlock: block, byteCount }
    }
  }
  if (run !== undefined) yield run
}

/** Finds the newest backup that stores a block, and passes the block in all backups. */
function findBlock(
  { blockBytes }: BackupFile,
  layers: readonly Layer[],
  block: number,
  byteCount: number,
): { readonly layer: Layer; readonly start: number } | undefined {
  let found: { readonly layer: Layer; readonly start: number } | undefined
  let isBroken = false
  for (const layer of layers) {
    const { entry } = layer
    if (entry.blockBytes !== blockBytes || block >= blockCountOf(entry)) {
      isBroken = true
      continue
    }
    if (!isStored(entry, block)) continue
    if (!isBroken && blockBytesAt(entry, block) === byteCount) found ??= { layer, start: layer.next }
    layer.next += blockBytesAt(entry, block)
  }
  return found
}

function* readRun(entry: BackupFile, run: Run, file: VfsFile, buffer: Uint8Array): TaskSteps {
  const { start, byteCount, layer } = run
  let actual = 0
  yield {
    sync: () => {
      actual = file.read(buffer, 0, byteCount, start)
    },
    syncAsync: async () => {
      actual = await file.readAsync(buffer, 0, byteCount, start)
    },
  }
  if (actual !== byteCount) {
    throw corruption(layer.path, start + actual, 'a file of the backup is truncated', {
      actual,
      expected: byteCount,
    })
  }
  const { blockBytes } = entry
  for (let at = 0; at < byteCount; at += blockBytes) {
    const end = Math.min(at + blockBytes, byteCount)
    if (!isBlock(entry, run.firstBlock + at / blockBytes, buffer, at, end))
      throw corruption(layer.path, start + at, 'a block of the backup does not match its checksum')
  }
}
