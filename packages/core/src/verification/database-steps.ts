import { isLdbError } from '@ldb/base'
import type { StoreVerifyOptions, VerifySink, VerifySteps } from '@ldb/base'
import { ReportBuilder } from '@ldb/integrity'
import type { DataKeys, VerifyReport } from '@ldb/integrity'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { OpenDatabase } from '../open/open-database.js'
import { verifyBlobs } from './blob-part.js'
import { verifyCatalog } from './catalog-part.js'
import { verifyKeyFile } from './key-part.js'
import type { ResolvedVerifyOptions } from './options.js'
import { assertNotAborted, findingOf, ReportingSink } from './reporting-sink.js'

/**
 * What the runner of a verification does before the next step: `'settled'` asks it to wait until no checkpoint runs, and no commit is in
 * flight.
 */
type VerifyPause = 'settled' | undefined

/** Steps of the verification of a database. */
export type DatabaseVerifySteps = Generator<VerifyPause, VerifyReport>

/** Verifies the log of a database. */
type LogVerification = (sink: VerifySink) => Iterable<void>

/** Verifies an open database; documented where it is exported, as `Database.verify`. */
export function verifyDatabase(
  opened: OpenDatabase,
  options: ResolvedVerifyOptions,
  log?: LogVerification,
): VerifyReport {
  const steps = verifySteps(opened, options, {}, nothing, log)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (step.value === 'settled') opened.pipeline.drain()
  }
}

/**
 * Verifies an open database, in steps of about a millisecond or less. Writes are allowed between two steps: each part verifies the state of
 * its first step.
 *
 * @param note - receives the sink, from which the runner can read how far the walk has come.
 * @param log - verifies the log; by default, as the open database has it.
 */
export function* verifySteps(
  opened: OpenDatabase,
  options: ResolvedVerifyOptions,
  storeOptions: StoreVerifyOptions = {},
  note: (sink: ReportingSink) => void = nothing,
  log: LogVerification = (sink) => opened.log.verifySteps(sink),
): DatabaseVerifySteps {
  const { health, engines } = opened
  const { clock } = engines.vfs
  const startedAtMs = clock.monotonic()
  const builder = new ReportBuilder()
  const sink = new ReportingSink(builder, options, health)
  note(sink)
  const count = countingOf(engines.keys?.data, builder)
  for (const part of partsOf(opened, sink, storeOptions, log)) {
    yield 'settled'
    health.assertReadable()
    const steps = count(() => part()[Symbol.iterator]())
    try {
      for (let step = count(() => steps.next()); step.done !== true; step = count(() => steps.next())) {
        yield step.value ?? undefined
        health.assertReadable()
      }
    } finally {
      steps.return?.()
    }
  }
  assertNotAborted(options.signal)
  return builder.build(clock.monotonic() - startedAtMs)
}

/** Returns what runs a step and counts the units that it decrypts by data key: other reads run between two steps. */
function countingOf(keys: DataKeys | undefined, builder: ReportBuilder): <T>(step: () => T) => T {
  if (keys === undefined) return (step) => step()
  return (step) => {
    keys.noteDecrypted = (dataKeyId, byteCount): void => builder.addDecrypted(dataKeyId, byteCount)
    try {
      return step()
    } finally {
      keys.noteDecrypted = undefined
    }
  }
}

/** Yields the parts of a database; each begins when its steps are taken. */
function* partsOf(
  opened: OpenDatabase,
  sink: ReportingSink,
  storeOptions: StoreVerifyOptions,
  log: LogVerification,
): Generator<() => Iterable<void>> {
  const { keyspaces, blobs } = opened
  const { keys, vfs, directory } = opened.engines
  yield () => {
    sink.begin('catalog')
    verifyCatalog(opened, sink)
    return []
  }
  if (keys !== undefined) {
    yield () => {
      sink.begin('keys')
      verifyKeyFile(vfs, directory, keys, sink)
      return []
    }
  }
  yield () => {
    sink.begin('log')
    return log(sink)
  }
  for (const keyspace of [...keyspaces]) {
    yield () => {
      // It may have been dropped since.
      if (keyspaces.byId(keyspace.descriptor.id) === undefined) return []
      sink.begin(partOf(keyspace))
      return verifyKeyspace(keyspace, sink, storeOptions)
    }
  }
  if (blobs?.files === undefined) return
  yield () => {
    sink.begin('blobs')
    return verifyBlobs(opened, sink, partOf)
  }
}

function partOf({ descriptor }: KeyspaceStore): string {
  return `keyspace:${descriptor.name}`
}

function* verifyKeyspace(
  keyspace: KeyspaceStore,
  sink: VerifySink,
  storeOptions: StoreVerifyOptions,
): VerifySteps {
  if (!isOpenable(keyspace, sink)) return
  // A drop meanwhile does not close the store.
  keyspace.beginRead()
  try {
    const { rawStore, recorded, checkpoint } = keyspace
    if (checkpoint.durableSeq < recorded.durableSeq) {
      const message = `the log records a checkpoint at commit ${recorded.durableSeq}, and the store has one at ${checkpoint.durableSeq}`
      sink.finding({ kind: 'count', file: keyspace.descriptor.name, offset: 0, message })
    }
    yield* rawStore.verifySteps(sink, storeOptions)
  } finally {
    keyspace.endRead()
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

function nothing(): void {
  // The runner needs no figures.
}
