import type { Database } from '@ldb/core'
import type { MemoryVfs } from '@ldb/vfs'

/** A `Writable` of Node that keeps its bytes, takes them one by one in later turns, and may fail at an offset. */
export class TestWritable {
  readonly chunks: Uint8Array[] = []
  /** Bytes that were taken. */
  byteCount = 0
  /** Greatest number of bytes that were given and not taken. */
  waitingMax = 0
  isDestroyed = false
  isEnded = false
  /** It takes no more bytes. */
  isStuck = false
  readonly #failAt: number
  readonly #listeners: Map<string, Set<(error?: unknown) => void>> = new Map()
  #waiting: Uint8Array[] = []

  /** @param failAt - offset before which it fails; `Infinity` for never. */
  constructor(failAt = Infinity) {
    this.#failAt = failAt
  }

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.chunks))
  }

  write(chunk: Uint8Array): boolean {
    this.#waiting.push(chunk)
    this.waitingMax = Math.max(
      this.waitingMax,
      this.#waiting.reduce((sum, { length }) => sum + length, 0),
    )
    setImmediate(() => this.#take())
    return false
  }

  end(): void {
    this.isEnded = true
    setImmediate(() => this.#emit('finish'))
  }

  destroy(error?: Error): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    setImmediate(() => {
      if (error !== undefined) this.#emit('error', error)
      this.#emit('close')
    })
  }

  on(event: string, listener: (error?: unknown) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener))
  }

  removeListener(event: string, listener: (error?: unknown) => void): void {
    this.#listeners.get(event)?.delete(listener)
  }

  listenerCount(event: string): number {
    return this.#listeners.get(event)?.size ?? 0
  }

  #take(): void {
    if (this.isDestroyed || this.isStuck) return
    for (const chunk of this.#waiting) {
      const taken = chunk.slice(0, Math.max(0, this.#failAt - this.byteCount))
      this.chunks.push(taken)
      this.byteCount += taken.length
      if (taken.length < chunk.length) {
        this.destroy(new Error(`broken at ${this.byteCount}`))
        return
      }
    }
    this.#waiting = []
    this.#emit('drain')
  }

  #emit(event: string, error?: unknown): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(error)
  }
}

/** Returns bytes in parts of a length, in later turns; fails, or ends, at an offset. */
export async function* partsOf(
  bytes: Uint8Array,
  partBytes: number,
  failAt = Infinity,
  error?: Error,
): AsyncGenerator<Uint8Array, void, void> {
  for (let at = 0; at < Math.min(bytes.length, failAt); at += partBytes) {
    await new Promise((resolve) => setImmediate(resolve))
    yield bytes.slice(at, Math.min(at + partBytes, failAt))
  }
  if (error !== undefined) throw error
}

/** Writes a backup to a stream in memory. */
export async function streamOf(
  db: Database,
  incremental?: boolean | Uint8Array,
): Promise<{ readonly bytes: Uint8Array; readonly manifest: Uint8Array; readonly content: string }> {
  const target = new TestWritable()
  const { manifest, content } = await db.backupTo(target, { incremental })
  return { bytes: target.bytes, manifest, content }
}

/** Returns the offsets at which the sections of a stream begin, and its length. */
export function sectionsOf(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const offsets: number[] = []
  let at = 120
  for (; at < bytes.length; at += 40 + view.getUint32(at + 24, true)) offsets.push(at)
  return [...offsets, at]
}

/** Returns the names beside a restored database that a restore must not leave. */
export function leftOf(vfs: MemoryVfs): string[] {
  return vfs.list('').filter((name) => name.includes('receiving') || name.includes('restoring'))
}
