import type { Vfs } from '@ldb/vfs'
import { LayerVfs } from '../vfs/layer-vfs.js'
import type { VfsCall } from '../vfs/layer-vfs.js'
import { COMMON_RULES } from './order-rules.js'
import type { OrderRule, PathTest } from './order-rules.js'
import { TraceState } from './trace-state.js'

/** Calls that change nothing. */
const READING_CALLS: readonly VfsCall['kind'][] = ['read', 'status', 'list', 'length', 'close', 'lock']
/** Number of earlier calls in the message of a violation. */
const RECENT_MAX = 12

/** @category Tracing */
export interface TraceOptions {
  /** Rules that each call is checked against. @defaultValue {@link COMMON_RULES} */
  readonly rules?: readonly OrderRule[]
  /** Records each call in {@link TraceVfs.lines}. @defaultValue false */
  readonly recordsLines?: boolean
}

/**
 * A file system that checks the order of the calls to the one below.
 *
 * @remarks A violation does not throw, because the system under test might catch the error. It is recorded in
 * {@link TraceVfs.violations}, which drivers check after each step.
 * @category Tracing
 */
export class TraceVfs extends LayerVfs {
  /** Descriptions of the violations. */
  readonly violations: string[] = []
  /** Recorded calls, such as `'write data/a 4096+512'`. */
  readonly lines: string[] = []
  readonly #state: TraceState = new TraceState()
  readonly #rules: readonly OrderRule[]
  readonly #recordsLines: boolean
  readonly #recent: VfsCall[] = []

  constructor(below: Vfs, options: TraceOptions = {}) {
    super(below)
    this.#rules = options.rules ?? COMMON_RULES
    this.#recordsLines = options.recordsLines ?? false
  }

  override around<T>(call: VfsCall, run: () => T): T {
    const existed = this.#before(call)
    const result = run()
    this.#after(call, existed, this.#state.time)
    return result
  }

  override async aroundAsync<T>(call: VfsCall, run: () => Promise<T>): Promise<T> {
    const existed = this.#before(call)
    const calledAt = this.#state.time
    const result = await run()
    this.#after(call, existed, calledAt)
    return result
  }

  /** Records an acknowledgement of durability: every file that `isLog` selects must be durable. */
  acknowledged(isLog: PathTest): void {
    for (const file of this.#state.files.values()) {
      if (!isLog(file.path)) continue
      if (file.unsynced.length > 0) this.#broke(`acknowledged before ${file.path} was synced`)
      if (!file.isEntryDurable) this.#broke(`acknowledged before the name of ${file.path} was synced`)
    }
  }

  #before(call: VfsCall): boolean {
    for (const rule of this.#rules) {
      const message = rule(call, this.#state)
      if (message !== undefined) this.#broke(message)
    }
    return call.kind !== 'open' || this.below.status(call.path) !== undefined
  }

  #after(call: VfsCall, existed: boolean, calledAt: number): void {
    if (call.kind === 'sync') this.#state.synced(call.path, calledAt)
    else this.#state.note(call, existed)
    if (this.#recordsLines) this.lines.push(lineOf(call))
    if (READING_CALLS.includes(call.kind)) return
    this.#recent.push(call)
    if (this.#recent.length > RECENT_MAX) this.#recent.shift()
  }

  #broke(message: string): void {
    this.violations.push(`${message}; before that: ${this.#recent.map(lineOf).join(', ')}`)
  }
}

function lineOf(call: VfsCall): string {
  const { kind, path } = call
  switch (kind) {
    case 'read':
    case 'write':
      return `${kind} ${path} ${call.span.fileOffset}+${call.span.byteCount}`
    case 'truncate':
    case 'preallocate':
      return `${kind} ${path} ${call.length}`
    case 'rename':
      return `rename ${path} ${call.target}`
    case 'open':
      return `open ${path} ${call.mode}`
    default:
      return `${kind} ${path}`
  }
}
