import { fileError } from '@ldb/vfs'
import type { LdbError } from '@ldb/base'
import type { Vfs, VfsFile } from '@ldb/vfs'
import type { Fault, FaultEffect } from './fault.js'
import { LayerVfs } from './layer-vfs.js'
import type { ByteSpan, VfsCall } from './layer-vfs.js'
import { PagedBytes } from './paged-bytes.js'
import type { SyncFailingFile } from './sync-failure.js'
import type { TestRandom } from '../base/test-random.js'

/**
 * A file system that injects faults.
 *
 * @remarks A `sync` fault needs a file system below whose files implement {@link SyncFailingFile}, such as `CrashVfs`. On
 * other file systems the sync only throws.
 * @category Faults
 */
export class FaultVfs extends LayerVfs {
  /** The fault to inject; `undefined` for none. */
  fault: Fault | undefined
  /** Calls into which the fault was injected. */
  injectedCount = 0
  /** Calls that matched the fault. */
  matchingCount = 0
  /** Descriptions of the calls into which the fault was injected, for messages. */
  injectedCalls: string[] = []
  readonly #random: TestRandom
  /** Content of each file before its last write, for stale reads. */
  readonly #before: Map<string, PagedBytes> = new Map()

  constructor(below: Vfs, random: TestRandom, fault?: Fault) {
    super(below)
    this.fault = fault
    this.#random = random
  }

  override around<T>(call: VfsCall, run: () => T): T {
    const effect = this.#effectOn(call)
    if (effect === undefined) {
      this.#remember(call)
      return run()
    }
    if (effect.kind === 'error' || effect.kind === 'sync') throw this.#fail(call, effect, run)
    return this.#distort(call, effect, run) as T
  }

  override async aroundAsync<T>(call: VfsCall, run: () => Promise<T>): Promise<T> {
    const effect = this.#effectOn(call)
    if (effect === undefined) {
      this.#remember(call)
      return run()
    }
    await Promise.resolve()
    if (effect.kind === 'error' || effect.kind === 'sync') {
      const noEffect = (): void => undefined
      throw this.#fail(call, effect, noEffect)
    }
    const synchronous = (): unknown => {
      if (call.kind === 'read') return readSpan(call.file, call.span)
      if (call.kind === 'write') writeSpan(call.file, call.span)
      return undefined
    }
    return this.#distort(call, effect, synchronous) as T
  }

  #effectOn(call: VfsCall): FaultEffect | undefined {
    const { fault } = this
    if (fault === undefined || !fault.calls.includes(call.kind)) return undefined
    if (fault.path !== undefined && !fault.path(call.path)) return undefined
    // Opening for reading changes nothing, so that only faults of reading calls apply to it.
    if (call.kind === 'open' && call.mode === 'read' && fault.calls.includes('write')) return undefined
    this.matchingCount++
    const past = this.matchingCount - fault.nth
    if (past < 0 || past >= (fault.times ?? 1)) return undefined
    this.injectedCount++
    this.injectedCalls.push(`${call.kind} ${call.path}`)
    return fault.effect
  }

  #fail(call: VfsCall, effect: Extract<FaultEffect, { errno: string }>, run: () => unknown): LdbError {
    if (effect.kind === 'sync') {
      if (call.kind === 'sync' && canFailSync(call.file)) call.file.failSync(effect.failure)
    } else if (effect.after === true || call.kind === 'close') {
      run()
    } else if (call.kind === 'write') {
      this.#remember(call)
      const { bytes, start, byteCount, fileOffset } = call.span
      call.file.write(bytes, start, this.#random.below(byteCount + 1), fileOffset)
    }
    return fileError(effect.errno, { operation: call.kind, file: call.path })
  }

  /** Corrupts a read or a write. */
  #distort(call: VfsCall, effect: FaultEffect, run: () => unknown): unknown {
    if (call.kind === 'read') {
      if (effect.kind === 'stale') return this.#readStale(call.file, call.span)
      if (effect.kind === 'misdirect') return readSpan(call.file, this.#elsewhere(call.span))
      const result = run()
      flipBit(call.span.bytes, call.span.start, call.span.byteCount, this.#random)
      return result
    }
    if (call.kind !== 'write') return run()
    this.#remember(call)
    if (effect.kind === 'stale') return undefined
    const span = effect.kind === 'flip' ? copySpan(call.span) : this.#elsewhere(call.span)
    if (effect.kind === 'flip') flipBit(span.bytes, span.start, span.byteCount, this.#random)
    writeSpan(call.file, span)
    return undefined
  }

  #elsewhere(span: ByteSpan): ByteSpan {
    const step = this.#random.pick([512, 4096, 8, 8192]) * this.#random.between(1, 4)
    const back = this.#random.chance(0.5) && span.fileOffset >= step
    return { ...span, fileOffset: back ? span.fileOffset - step : span.fileOffset + step }
  }

  #remember(call: VfsCall): void {
    if (call.kind !== 'write' || this.fault?.effect.kind !== 'stale' || !this.fault.calls.includes('read'))
      return
    const length = call.file.length()
    const bytes = new Uint8Array(length)
    call.file.read(bytes, 0, length, 0)
    const before = new PagedBytes()
    before.write(bytes, 0)
    this.#before.set(call.path, before)
  }

  #readStale(file: VfsFile, span: ByteSpan): number {
    const before = this.#before.get(file.path)
    if (before === undefined) return readSpan(file, span)
    return before.read(span.bytes, span.start, span.byteCount, span.fileOffset)
  }
}

function canFailSync(file: VfsFile): file is SyncFailingFile {
  return 'failSync' in file
}

function readSpan(file: VfsFile, span: ByteSpan): number {
  return file.read(span.bytes, span.start, span.byteCount, span.fileOffset)
}

function writeSpan(file: VfsFile, span: ByteSpan): void {
  file.write(span.bytes, span.start, span.byteCount, span.fileOffset)
}

function copySpan(span: ByteSpan): ByteSpan {
  return { ...span, bytes: span.bytes.slice(span.start, span.start + span.byteCount), start: 0 }
}

function flipBit(bytes: Uint8Array, start: number, byteCount: number, random: TestRandom): void {
  if (byteCount === 0) return
  const at = start + random.below(byteCount)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
}
