import { equalBytes, invalidArgument, isLdbError } from '@ldb/base'
import type { LdbError, VerifyFinding, VerifyProgress, VerifySink } from '@ldb/base'
import { ReportBuilder } from '@ldb/integrity'
import type { VerifyReport } from '@ldb/integrity'
import { encodeCatalog } from './catalog/encode.js'
import { abortedError } from './health/abort-signal.js'
import { readCatalogBytes } from './catalog/file.js'
import { ownOptions } from './health/options.js'
import type { OpenDatabase } from './open/open-database.js'
import { catalogPath } from './catalog/directory-layout.js'

/** How far a verification is. @category Health */
export interface DatabaseVerifyProgress {
  /** `log`, `catalog`, or `keyspace:` and its name. */
  readonly part: string
  /** Pages and records checked so far, in all parts. */
  readonly unitCount: number
  /** Entries checked so far. */
  readonly entryCount: number
  /** Bytes read and checked so far. */
  readonly byteCount: number
}

/** How to verify. @category Health */
export interface VerifyOptions {
  /** Called as the walk goes on; it may read the database, and not write to it. What it throws ends the walk. */
  readonly onProgress?: (progress: DatabaseVerifyProgress) => void
  /** Ends the walk with `LDB_ABORTED` once it is aborted: an `AbortSignal`. */
  readonly signal?: { readonly aborted: boolean }
}

/** Checks options of a verification. */
export function checkVerifyOptions(options: VerifyOptions | undefined): VerifyOptions {
  const given = ownOptions(options, ['onProgress', 'signal'], new Map())
  const onProgress = given.get('onProgress')
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('onProgress must be a function')
  }
  const signal = given.get('signal')
  if (signal !== undefined && (typeof signal !== 'object' || signal === null || !('aborted' in signal))) {
    throw invalidArgument('signal must be an AbortSignal')
  }
  return options ?? {}
}

/** Walks everything of an open database; documented where it is exported, as `Database.verify`. */
export function verifyParts(parts: OpenDatabase, options: VerifyOptions): VerifyReport {
  const steps = verifySteps(parts, options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** Walks everything of an open database, one part a step. Between two steps, it may be written to. */
export function* verifySteps(parts: OpenDatabase, options: VerifyOptions): Generator<void, VerifyReport> {
  const { log, keyspaces, engines } = parts
  const { clock } = engines.vfs
  const startedAtMs = clock.monotonic()
  const builder = new ReportBuilder()
  const sink = new ReportingSink(builder, options)
  verifyPart(parts, () => {
    sink.begin('catalog')
    verifyCatalog(parts, sink)
  })
  yield
  verifyPart(parts, () => {
    sink.begin('log')
    log.verify(sink)
  })
  for (const { descriptor, store } of [...keyspaces]) {
    yield
    if (keyspaces.byId(descriptor.id) === undefined) continue
    verifyPart(parts, () => {
      sink.begin(`keyspace:${descriptor.name}`)
      store.verify(sink)
    })
  }
  return builder.build(clock.monotonic() - startedAtMs)
}

/** Checks one part of the present state, to which nobody may write meanwhile. */
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

/** Makes a report of a database that cannot even be opened. */
export function reportOfFailure(error: LdbError, durationMs: number): VerifyReport {
  const builder = new ReportBuilder()
  builder.beginPart('open')
  builder.finding({
    kind: 'structure',
    file: error.details.file ?? '',
    offset: error.details.offset ?? 0,
    message: error.message,
  })
  return builder.build(durationMs)
}

/** What is on the medium must be what is in memory. */
function verifyCatalog(parts: OpenDatabase, sink: VerifySink): void {
  const { vfs, directory } = parts.engines
  const file = catalogPath(directory)
  try {
    const bytes = readCatalogBytes(vfs, directory)
    if (!equalBytes(bytes, encodeCatalog(parts.manager.catalog))) {
      sink.finding({ kind: 'checksum', file, offset: 0, message: 'the catalog has changed on the medium' })
    }
    sink.progress({ files: 1, units: 1, entries: parts.keyspaces.size, bytes: bytes.length })
  } catch (error) {
    if (!isLdbError(error)) throw error
    const kind = isLdbError(error, 'LDB_NOT_FOUND') ? 'missing' : 'io'
    sink.finding({ kind, file, offset: 0, message: error.message })
  }
}

/** Fills the report, tells how far it is, and looks whether to go on. */
class ReportingSink implements VerifySink {
  readonly #builder: ReportBuilder
  readonly #options: VerifyOptions
  #part = ''
  #unitCount = 0
  #entryCount = 0
  #byteCount = 0

  constructor(builder: ReportBuilder, options: VerifyOptions) {
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
    if (signal?.aborted === true) throw abortedError(signal, 'verification')
    onProgress?.({
      part: this.#part,
      unitCount: this.#unitCount,
      entryCount: this.#entryCount,
      byteCount: this.#byteCount,
    })
  }
}
