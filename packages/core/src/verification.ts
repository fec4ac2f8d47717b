import { equalBytes, invalidArgument, isLdbError, ownOptions, refusePromise } from '@ldb/base'
import type { LdbError, OwnOptions, VerifyFinding, VerifyProgress, VerifySink } from '@ldb/base'
import { isMissingPath, isResourceShortage } from '@ldb/vfs'
import { ReportBuilder } from '@ldb/integrity'
import type { DataKeys, VerifyReport } from '@ldb/integrity'
import type { Catalog } from './catalog/catalog.js'
import { encodeCatalog } from './catalog/encode.js'
import { checkSignal, throwIfAborted } from './health/abort-signal.js'
import type { AbortSignalLike } from './health/abort-signal.js'
import { readCatalogBytes } from './catalog/file.js'
import { decodeCatalogWith } from './catalog/sealed-catalog.js'
import type { KeyspaceStore } from './keyspace/store.js'
import { verifyValues } from './keyspace/value-verification.js'
import type { OpenDatabase } from './open/open-database.js'
import { catalogPath } from './catalog/directory-layout.js'

/** Progress of a verification. @category Health */
export interface DatabaseVerifyProgress {
  /** Current part: `log`, `catalog`, `keyspace:` and a name, or `blobs`. */
  readonly part: string
  /** Pages and records checked so far, in all parts. */
  readonly unitCount: number
  /** Entries checked so far. */
  readonly entryCount: number
  /** Bytes read and checked so far. */
  readonly byteCount: number
}

/** Options of a verification. @category Health */
export interface VerifyOptions {
  /**
   * Called as the walk proceeds; synchronous. It may read the database, but not write to it. An error that it throws ends
   * the walk.
   */
  readonly onProgress?: (progress: DatabaseVerifyProgress) => void
  /** An `AbortSignal`, which ends the walk with `LDB_ABORTED`. */
  readonly signal?: { readonly aborted: boolean }
}

/** {@link VerifyOptions} with checked values. */
export interface ResolvedVerifyOptions {
  readonly onProgress: VerifyOptions['onProgress'] | undefined
  readonly signal: AbortSignalLike | undefined
}

const KNOWN = ['onProgress', 'signal'] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveVerifyOptions(options: VerifyOptions | undefined): ResolvedVerifyOptions {
  return checkVerifyOptions(ownOptions(options, KNOWN))
}

/** Checks options that were read already. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function checkVerifyOptions(given: OwnOptions<(typeof KNOWN)[number]>): ResolvedVerifyOptions {
  const { onProgress } = given
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('onProgress must be a function')
  }
  return { onProgress: onProgress as VerifyOptions['onProgress'], signal: checkSignal(given.signal) }
}

/** Verifies an open database; documented where it is exported, as `Database.verify`. */
export function verifyDatabase(opened: OpenDatabase, options: ResolvedVerifyOptions): VerifyReport {
  const steps = verifySteps(opened, options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Verifies an open database, one part per step. Writes are allowed between two steps. */
export function* verifySteps(
  opened: OpenDatabase,
  options: ResolvedVerifyOptions,
): Generator<void, VerifyReport> {
  const { log, keyspaces, engines } = opened
  const { clock } = engines.vfs
  const startedAtMs = clock.monotonic()
  const builder = new ReportBuilder()
  const sink = new ReportingSink(builder, options)
  verifyPart(opened, () => {
    sink.begin('catalog')
    verifyCatalog(opened, sink)
  })
  yield
  verifyPart(opened, () => {
    sink.begin('log')
    log.verify(sink)
  })
  for (const keyspace of [...keyspaces]) {
    const { descriptor } = keyspace
    yield
    // A drop that was called before runs first.
    opened.pipeline.drain()
    if (keyspaces.byId(descriptor.id) === undefined) continue
    verifyPart(opened, () => {
      sink.begin(`keyspace:${descriptor.name}`)
      if (isOpenable(keyspace, sink)) keyspace.store.verify(sink)
    })
  }
  const { blobs } = opened
  if (blobs?.files !== undefined) {
    yield
    verifyPart(opened, () => {
      sink.begin('blobs')
      blobs.verify(sink)
      for (const keyspace of keyspaces) verifyValues(keyspace, blobs, sink)
    })
  }
  assertNotAborted(options.signal)
  return builder.build(clock.monotonic() - startedAtMs)
}

/** @throws {@link LdbError} LDB_ABORTED. */
function assertNotAborted(signal: AbortSignalLike | undefined): void {
  throwIfAborted(signal, 'verification')
}

/** Verifies one part of the current state. Writes are refused meanwhile. */
function verifyPart({ health, pipeline }: OpenDatabase, verify: () => void): void {
  pipeline.drain()
  health.assertReadable()
  health.pauseWrites('the database is being verified, and the callback of a verification may not write')
  try {
    verify()
  } finally {
    health.resumeWrites()
  }
}

/** Opens the store of a keyspace that was not used yet (R10). Reports why that is impossible, and returns false then. */
function isOpenable(keyspace: KeyspaceStore, sink: VerifySink): boolean {
  try {
    keyspace.ensureOpen()
    return true
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    sink.finding(findingOf(error))
    return false
  }
}

function findingOf({ details, message }: LdbError): VerifyFinding {
  return { kind: 'structure', file: details.file ?? '', offset: details.offset ?? 0, message }
}

/** Returns the report of a database that cannot be opened. */
export function reportOfFailure(error: LdbError, durationMs: number): VerifyReport {
  const builder = new ReportBuilder()
  builder.beginPart('open')
  builder.finding(findingOf(error))
  return builder.build(durationMs)
}

/** Compares the catalog file with the catalog in memory. */
function verifyCatalog(opened: OpenDatabase, sink: VerifySink): void {
  const { vfs, directory } = opened.engines
  const file = catalogPath(directory)
  try {
    const bytes = readCatalogBytes(vfs, directory)
    if (!isCatalog(bytes, opened.manager.catalog, file, opened.engines.keys?.data)) {
      sink.finding({
        kind: 'checksum',
        file,
        offset: 0,
        message: 'the catalog file differs from the catalog in memory',
      })
    }
    sink.progress({ files: 1, units: 1, entries: opened.keyspaces.size, bytes: bytes.length })
  } catch (error) {
    // (D8) When the database is poisoned, the file at the path is not the one to verify.
    if (!isLdbError(error) || isResourceShortage(error) || error.code === 'LDB_POISONED') throw error
    const kind = isMissingPath(error) ? 'missing' : 'io'
    sink.finding({ kind, file, offset: 0, message: error.message })
  }
}

/** Reports whether bytes are those of a catalog, of whatever format version. */
function isCatalog(bytes: Uint8Array, catalog: Catalog, file: string, keys: DataKeys | undefined): boolean {
  try {
    return equalBytes(encodeCatalog(decodeCatalogWith(bytes, file, keys)), encodeCatalog(catalog))
  } catch (error) {
    if (!isLdbError(error)) throw error
    return false
  }
}

/** Adds to the report, reports progress, and checks the signal. */
class ReportingSink implements VerifySink {
  readonly #builder: ReportBuilder
  readonly #options: ResolvedVerifyOptions
  #part = ''
  #unitCount = 0
  #entryCount = 0
  #byteCount = 0

  constructor(builder: ReportBuilder, options: ResolvedVerifyOptions) {
    this.#builder = builder
    this.#options = options
  }

  begin(part: string): void {
    this.#part = part
    this.#builder.beginPart(part)
    this.progress({ units: 0, entries: 0, bytes: 0 })
  }

  finding(finding: VerifyFinding): void {
    this.#builder.finding(finding)
  }

  progress(progress: VerifyProgress): void {
    this.#builder.progress(progress)
    this.#unitCount += progress.units
    this.#entryCount += progress.entries
    this.#byteCount += progress.bytes
    const { onProgress, signal } = this.#options
    assertNotAborted(signal)
    if (onProgress === undefined) return
    const result: unknown = onProgress({
      part: this.#part,
      unitCount: this.#unitCount,
      entryCount: this.#entryCount,
      byteCount: this.#byteCount,
    })
    refusePromise(result, 'the function given as onProgress')
    assertNotAborted(signal)
  }
}
