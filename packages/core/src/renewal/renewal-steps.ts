import { INVARIANTS, isLdbError, readU32 } from '@ldb/base'
import type { KeyRenewal, Syncable, TaskSteps } from '@ldb/base'
import type { BlobFiles } from '@ldb/blob'
import { CATALOG_COPY_NAME, CATALOG_NAME } from '../catalog/directory-layout.js'
import { AUTOMATIC_CHECKPOINT } from '../commit/checkpoint-options.js'
import type { CheckpointOptions } from '../commit/checkpoint-options.js'
import type { DatabaseKeys } from '../encryption/database-keys.js'
import type { BlobValues } from '../blob/blob-values.js'
import type { OpenDatabase } from '../open/open-database.js'
import type { RenewalProgress } from './progress.js'
import { UnitCount } from './progress.js'

/** Bytes that a round rewrites, about: then a checkpoint makes them durable and frees what they replace. Small in tests. */
const ROUND_BYTES = INVARIANTS ? 32_768 : 16 << 20
/** With less space than for this many bytes, nothing is rewritten. */
const ROUND_BYTES_MIN = ROUND_BYTES / 64
/** Passes without an end after which the renewal waits: writes or damage leave units behind. */
const PASSES_MAX = 4
const DATA_KEY_ID_BYTES = 4

/** What the steps of a renewal are made of. */
export interface RenewalParts {
  readonly opened: OpenDatabase
  readonly keys: DatabaseKeys
  readonly progress: RenewalProgress
  /** Yields the thread. */
  readonly timeSlice: Syncable
  /** Waits after bytes were written. */
  readonly pace: (byteCount: number) => Syncable
  /** Makes a checkpoint. */
  readonly checkpoint: (options: CheckpointOptions) => Syncable
}

/** Why a renewal has ended. */
export interface RenewalOutcome {
  /** Data keys that were removed. */
  removedKeyIds: readonly number[]
  obstacle: string | undefined
}

type IsOld = (dataKeyId: number) => boolean

/**
 * Rewrites everything that is encrypted with older data keys, and removes these keys from the key file when a count over all files that
 * exist finds nothing under them.
 *
 * @remarks A crash leaves what was rewritten, and all keys: the next renewal goes on. What is written meanwhile has the current key. The
 * count includes what only open reads need, because a crash may leave it, and pages that only they need excluded, because none does.
 * @param outcome - receives the outcome.
 */
export function* renewalSteps(parts: RenewalParts, outcome: RenewalOutcome): TaskSteps {
  const { opened, keys, progress } = parts
  for (let pass = 0; ; pass += 1) {
    const ids = keys.olderIds
    if (ids.length === 0) return
    const isOld: IsOld = (id) => ids.includes(id)
    yield* count(parts, isOld)
    assertUsable(opened)
    if (progress.leftCount === 0) {
      outcome.obstacle = keysObstacle(parts)
      if (outcome.obstacle !== undefined) return
      keys.remove(opened.engines.vfs, opened.engines.directory, ids, (error) => {
        opened.health.fail(error, false)
      })
      outcome.removedKeyIds = [...outcome.removedKeyIds, ...ids]
      return
    }
    outcome.obstacle = pass === PASSES_MAX ? obstacleOf(parts) : undefined
    if (pass === PASSES_MAX) return
    yield* rewriteCatalog(parts, isOld)
    yield* rewriteBlobs(parts, isOld)
    yield* rewriteStores(parts, isOld)
  }
}

/** An archive keeps data keys that its files need: it must have them before they are removed here. */
function keysObstacle({ opened: { archive }, keys }: RenewalParts): string | undefined {
  if (archive === undefined || archive.keysGeneration === keys.generation) return undefined
  return 'the archive has not received the data keys yet'
}

function obstacleOf({ opened: { blobs, space }, progress }: RenewalParts): string {
  if (space.rewritableBytes(ROUND_BYTES, ROUND_BYTES_MIN) === 0) return 'the device has too little free space'
  if (progress.leftOf('stores').unitCount > 0) return 'pages or tables are damaged, or still read or written'
  if (progress.leftOf('blobs').unitCount > 0) {
    if (blobs?.isHeld === true) return 'a backup reads the large values'
    return 'large values are damaged, or being written'
  }
  return 'the log is still needed, by a consumer of changes or the archive'
}

function* count(parts: RenewalParts, isOld: IsOld): TaskSteps {
  const { opened, timeSlice, progress } = parts
  const found = new UnitCount()
  for (const keyspace of [...opened.keyspaces]) {
    if (keyspace.dropped) continue
    const renewal: KeyRenewal = {
      isOld,
      bytesMax: 0,
      noteFound: (unitCount, byteCount) => {
        found.add('stores', unitCount, byteCount)
      },
      noteRewritten: () => undefined,
    }
    try {
      keyspace.ensureOpen()
      const task = keyspace.openedStore?.beginCompaction({ effort: 'renew', renewal, timeSlice })
      if (task !== undefined) yield task
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      found.add('stores', 1, 0)
    }
  }
  yield* countBlobs(parts, isOld, found)
  const { segmentCount, byteCount } = opened.log.countOld(isOld)
  found.add('log', segmentCount, byteCount)
  for (const bytes of oldCatalogs(opened, isOld)) found.add('catalog', 1, bytes)
  progress.replaceLeft(found)
}

function* countBlobs(
  { opened: { blobs }, timeSlice }: RenewalParts,
  isOld: IsOld,
  found: UnitCount,
): TaskSteps {
  const files = blobs?.files
  if (files === undefined) return
  if (files.renewal.isStreaming) found.add('blobs', 1, 0)
  for (const { number } of files.files()) {
    if (!exists(files, number)) continue
    try {
      yield* files.renewal.countSteps(
        number,
        isOld,
        (byteCount) => {
          found.add('blobs', 1, byteCount)
        },
        timeSlice,
      )
    } catch (error) {
      // The collector may have removed it meanwhile; otherwise it is damaged.
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      if (exists(files, number)) found.add('blobs', 1, 0)
    }
  }
}

function* rewriteBlobs(parts: RenewalParts, isOld: IsOld): TaskSteps {
  const { opened, timeSlice, progress } = parts
  const { blobs } = opened
  const files = blobs?.files
  if (blobs === undefined || files === undefined) return
  for (const { number, fileBytes } of files.files()) {
    assertUsable(opened)
    if (!exists(files, number) || files.isPinned(number)) continue
    let unitCount = 0
    const note = (): void => {
      unitCount += 1
    }
    try {
      yield* files.renewal.countSteps(number, isOld, note, timeSlice)
      assertUsable(opened)
      if (unitCount === 0 || blobs.isHeld || opened.collection?.isWorking === true || !exists(files, number))
        continue
      if (!opened.space.hasSpaceFor(fileBytes)) continue
      // Nothing is appended to it from now on, and every value in it is on the device.
      if (files.activeNumber === number) files.rotate()
      yield files
      yield* replaceBlobFile(parts, blobs, files, number)
    } catch (error) {
      // A file that is damaged stays as it is.
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      continue
    }
    progress.noteRewritten('blobs', unitCount, fileBytes)
    yield parts.pace(fileBytes)
  }
}

/** Keeps the collector from replacing files meanwhile. A copy of the files that begins meanwhile, as of a backup, goes on with this one. */
function* replaceBlobFile(
  { timeSlice }: RenewalParts,
  blobs: BlobValues,
  files: BlobFiles,
  number: number,
): TaskSteps {
  const release = blobs.hold()
  try {
    yield files.renewal.begin(number, timeSlice, () => blobs.holdCount === 1)
  } finally {
    release()
  }
}

function exists(files: BlobFiles, number: number): boolean {
  return files.files().some((file) => file.number === number)
}

function* rewriteCatalog({ opened, progress, timeSlice }: RenewalParts, isOld: IsOld): TaskSteps {
  const old = oldCatalogs(opened, isOld)
  if (old.length === 0) return
  opened.manager.rewriteCatalog()
  progress.noteRewritten(
    'catalog',
    old.length,
    old.reduce((sum, bytes) => sum + bytes, 0),
  )
  yield timeSlice
}

/** Returns the lengths of the catalog and of its copy, of those that are under an older key. */
function oldCatalogs({ engines: { vfs, directory } }: OpenDatabase, isOld: IsOld): number[] {
  return [CATALOG_NAME, CATALOG_COPY_NAME].flatMap((name) => {
    const path = `${directory}/${name}`
    if (vfs.status(path) === undefined) return []
    const file = vfs.open(path, 'read')
    try {
      const length = file.length()
      const bytes = new Uint8Array(DATA_KEY_ID_BYTES)
      const readBytes = file.read(bytes, 0, bytes.length, Math.max(0, length - bytes.length))
      return readBytes === bytes.length && isOld(readU32(bytes, 0)) ? [length] : []
    } finally {
      file.close()
    }
  })
}

/** Rewrites pages and tables in rounds, each a checkpoint, which also begins a new segment of the log and cuts it. */
function* rewriteStores(parts: RenewalParts, isOld: IsOld): TaskSteps {
  const { opened, progress } = parts
  for (;;) {
    assertUsable(opened)
    let bytes = 0
    // A copy takes space before it frees any.
    const roundBytes = opened.space.rewritableBytes(ROUND_BYTES, ROUND_BYTES_MIN)
    const renewal: KeyRenewal = {
      isOld,
      // What the stores before have left of the round.
      get bytesMax() {
        return Math.max(1, roundBytes - bytes)
      },
      noteFound: () => undefined,
      noteRewritten: (unitCount, byteCount) => {
        bytes += byteCount
        progress.noteRewritten('stores', unitCount, byteCount)
      },
    }
    const { segmentCount, byteCount } = opened.log.countOld(isOld)
    const effort = roundBytes === 0 ? 'automatic' : 'renew'
    yield parts.checkpoint({
      ...AUTOMATIC_CHECKPOINT,
      force: true,
      effort,
      ...(effort === 'renew' && { renewal }),
    })
    const left = opened.log.countOld(isOld)
    progress.noteRewritten('log', segmentCount - left.segmentCount, byteCount - left.byteCount)
    if (bytes === 0) return
    yield parts.pace(bytes)
  }
}

/** @throws {@link LdbError} when nothing may be written any more. */
function assertUsable({ health }: OpenDatabase): void {
  health.assertWritable()
}
