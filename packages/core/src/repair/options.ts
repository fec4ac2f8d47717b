import { assertIterable, invalidArgument, ownOptions, refusePromise } from '@ldb/base'
import type { CompressionCodec } from '@ldb/integrity'
import { defaultVfs } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import type { Encryption } from '../encryption/secret.js'
import { checkSignal, throwIfAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { resolveCompression } from '../health/compression.js'
import { resolveVfs } from '../health/options.js'

/** Progress of a repair. @category Repair */
export interface RepairProgress {
  /** Current part: `keyspace:` and a name, `log`, or `verify`. */
  readonly part: string
  /** Entries that were read so far, in all parts. */
  readonly entryCount: number
  /** Bytes of their keys and values. */
  readonly byteCount: number
}

/** Options of a repair. @category Repair */
export interface RepairOptions {
  /** Directory of the repaired database: absent, or empty. A path or a `file:` URL; missing parents are created. */
  readonly target: FilePath
  /** File system of both directories. Default: the files of Node. */
  readonly vfs?: Vfs | undefined
  /** Compression codecs of the application that keyspaces use. */
  readonly codecs?: Iterable<CompressionCodec> | undefined
  /** The key or the passphrase of an encrypted database; the repaired one is encrypted with it, too. */
  readonly encryption?: Encryption | undefined
  /** Called as the repair proceeds; synchronous. An error that it throws ends the repair. */
  readonly onProgress?: ((progress: RepairProgress) => void) | undefined
  /** An `AbortSignal`, which ends the repair with `LDB_ABORTED`, without a target. */
  readonly signal?: AbortSignalLike | undefined
}

/** {@link RepairOptions} with checked values. */
export interface ResolvedRepairOptions {
  readonly target: FilePath
  readonly vfs: Vfs
  readonly codecs: readonly CompressionCodec[]
  readonly encryption: Encryption | undefined
  readonly progress: RepairProgressReport
}

const KNOWN = ['target', 'vfs', 'codecs', 'encryption', 'onProgress', 'signal'] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveRepairOptions(options: RepairOptions): ResolvedRepairOptions {
  const given = ownOptions(options, KNOWN)
  const { target, onProgress } = given
  if (target === undefined) throw invalidArgument('repair needs a target directory')
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidArgument('onProgress must be a function')
  }
  const codecs: CompressionCodec[] = []
  if (given.codecs !== undefined) {
    assertIterable('codecs', given.codecs)
    for (const codec of given.codecs) {
      const compression = resolveCompression(codec)
      if (typeof compression !== 'object') throw invalidArgument('codecs must contain compression codecs')
      codecs.push(compression)
    }
  }
  return {
    target: target as FilePath,
    vfs: resolveVfs(given.vfs) ?? defaultVfs(),
    codecs,
    encryption: given.encryption as Encryption | undefined,
    progress: new RepairProgressReport(onProgress as RepairOptions['onProgress'], checkSignal(given.signal)),
  }
}

/** Counts what was read, reports it, and checks the signal. */
export class RepairProgressReport {
  readonly #onProgress: RepairOptions['onProgress']
  readonly #signal: AbortSignalLike | undefined
  #part = ''
  #entryCount = 0
  #byteCount = 0

  constructor(onProgress: RepairOptions['onProgress'], signal: AbortSignalLike | undefined) {
    this.#onProgress = onProgress
    this.#signal = signal
  }

  begin(part: string): void {
    this.#part = part
    this.report()
  }

  count(byteCount: number): void {
    this.#entryCount++
    this.#byteCount += byteCount
  }

  /** @throws {@link LdbError} LDB_ABORTED, LDB_INVALID_ARGUMENT; what the callback throws. */
  report(): void {
    throwIfAborted(this.#signal, 'repair')
    const progress = { part: this.#part, entryCount: this.#entryCount, byteCount: this.#byteCount }
    const result: unknown = this.#onProgress?.(progress)
    refusePromise(result, 'the function given as onProgress')
  }
}
