import { corruption, readU32 } from '@ldb/base'
import type { Syncable, TaskSteps } from '@ldb/base'
import { SEED_ZERO, xxHash64 } from '@ldb/integrity'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { syncSteps } from '../backup/block-file.js'
import { BLOCK_CHECKSUM_BYTES } from '../format.js'
import { blockBytesAt, blockCountOf, isStored, keyOf } from '../backup/manifest.js'
import type { BackupFile, BackupFileId } from '../backup/manifest.js'
import { dataPath, openForReading } from '../backup/series.js'
import type { BackupChain } from '../backup/series.js'

/** Bytes that one step reads and writes. */
const STEP_BYTES = 1_048_576

/** What reading a file of a backup needs. */
export interface FileReading {
  readonly vfs: Vfs
  readonly chain: BackupChain
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
  const buffer = new Uint8Array(Math.min(entry.length, STEP_BYTES))
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

/** Writes a file of the newest backup of a chain to a path, and syncs it. */
export function* restoreFile(entry: BackupFile, reading: FileReading, target: Vfs, path: string): TaskSteps {
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
  const hash = new Int32Array(2)
  const { checksums, blockBytes } = entry
  for (let at = 0; at < byteCount; at += blockBytes) {
    xxHash64(buffer, at, Math.min(at + blockBytes, byteCount), SEED_ZERO, hash)
    const checksumAt = (run.firstBlock + at / blockBytes) * BLOCK_CHECKSUM_BYTES
    if (
      readU32(checksums, checksumAt) !== (hash[0] as number) >>> 0 ||
      readU32(checksums, checksumAt + 4) !== (hash[1] as number) >>> 0
    ) {
      throw corruption(layer.path, start + at, 'a block of the backup does not match its checksum')
    }
  }
}
