import { LdbError } from '@ldb/base'
import { fileError, MemoryVfs } from '@ldb/vfs'
import type { Vfs, VfsFile } from '@ldb/vfs'

const SECTOR_BYTES = 512

/** Returns a seeded generator of numbers below a bound. */
export function seeded(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

type Unsynced =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'length'; readonly length: number }

/** File operations that can be made to fail. */
export type FileOperationName = 'read' | 'write' | 'sync' | 'truncate'

/**
 * A file system for one file in memory. Records the unsynced changes of the file, so that a crash can undo any of them, and can
 * make its operations fail.
 */
export class CrashVfs {
  readonly vfs: Vfs
  readonly path: string
  /** Called after each operation that changes the file. */
  onChange: (() => void) | undefined
  /** Returns the errno with which an operation fails; `undefined` when it succeeds. */
  failing: ((operation: FileOperationName) => string | undefined) | undefined
  #durable: Uint8Array = new Uint8Array(0)
  #unsynced: Unsynced[] = []
  /** Number of changes that syncs have made durable. */
  #syncedCount = 0

  constructor(path: string, content?: Uint8Array) {
    const memory = new MemoryVfs()
    this.path = path
    if (content !== undefined) {
      const file = memory.open(path, 'create')
      file.write(content, 0, content.length, 0)
      file.close()
      this.#durable = content.slice()
    }
    this.vfs = new Proxy(memory, {
      get: (target, name) => {
        if (name === 'open') return (...args: Parameters<Vfs['open']>) => this.#wrap(target.open(...args))
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value
      },
    })
  }

  /** Number of changes that no sync has made durable. */
  get unsyncedCount(): number {
    return this.#unsynced.length
  }

  /** Returns the present content of the file, which remains when the process is killed. */
  present(): Uint8Array {
    const file = this.vfs.open(this.path, 'read')
    const bytes = new Uint8Array(file.length())
    this.#passing(() => file.read(bytes, 0, bytes.length, 0))
    file.close()
    return bytes
  }

  /**
   * Returns a content that a power failure may leave: the durable bytes and any subset of the unsynced changes, with writes torn
   * at sectors.
   *
   * @param random - chooses the subset; `'none'` and `'all'` choose the empty and the full one.
   */
  crashImage(random: ((bound: number) => number) | 'none' | 'all'): Uint8Array {
    let image: Uint8Array = this.#durable.slice()
    if (random === 'none') return image
    const share = random === 'all' ? 0 : random(4)
    const isKept = (): boolean => random === 'all' || (share === 0 ? random(2) === 0 : random(8) < share * 2)
    for (const change of this.#unsynced) {
      if (change.kind === 'length') {
        if (isKept()) image = resized(image, change.length)
        continue
      }
      for (let start = 0; start < change.bytes.length;) {
        const end = Math.min(
          change.bytes.length,
          start + SECTOR_BYTES - ((change.offset + start) % SECTOR_BYTES),
        )
        if (isKept()) {
          if (change.offset + end > image.length) image = resized(image, change.offset + end)
          image.set(change.bytes.subarray(start, end), change.offset + start)
        }
        start = end
      }
    }
    // The device may have the new length without the data.
    if (random !== 'all' && random(4) === 0) image = resized(image, image.length + SECTOR_BYTES * random(20))
    return image
  }

  #passing<Result>(part: () => Result): Result {
    const { failing } = this
    this.failing = undefined
    try {
      return part()
    } finally {
      this.failing = failing
    }
  }

  #note(change: Unsynced): void {
    this.#unsynced.push(change)
    this.onChange?.()
  }

  #fail(operation: FileOperationName, file: string): void {
    const errno = this.failing?.(operation)
    if (errno !== undefined) throw fileError(errno, { operation, file })
  }

  /** Wraps the file, or the temporary file that is renamed to it. */
  #wrap(file: VfsFile): VfsFile {
    if (!file.path.startsWith(this.path)) throw new LdbError('LDB_INVARIANT', `an unknown file: ${file.path}`)
    const noteLength = (length: number): void => this.#note({ kind: 'length', length })
    return {
      path: file.path,
      length: () => file.length(),
      close: () => file.close(),
      read: (...args) => {
        this.#fail('read', file.path)
        return file.read(...args)
      },
      write: (source, sourceOffset, byteCount, fileOffset) => {
        this.#fail('write', file.path)
        file.write(source, sourceOffset, byteCount, fileOffset)
        this.#note({
          kind: 'write',
          offset: fileOffset,
          bytes: source.slice(sourceOffset, sourceOffset + byteCount),
        })
      },
      truncate: (length) => {
        this.#fail('truncate', file.path)
        file.truncate(length)
        noteLength(length)
      },
      preallocate: (length) => {
        file.preallocate(length)
        noteLength(length)
      },
      sync: () => {
        this.#fail('sync', file.path)
        file.sync()
        this.#durable = new Uint8Array(file.length())
        file.read(this.#durable, 0, this.#durable.length, 0)
        this.#syncedCount += this.#unsynced.length
        this.#unsynced = []
        this.onChange?.()
      },
      readAsync: (...args) => file.readAsync(...args),
      writeAsync: () => Promise.reject(new LdbError('LDB_UNSUPPORTED', 'the tree writes synchronously')),
      // Covers the changes before the call. A later call may complete first.
      syncAsync: async () => {
        const bytes = new Uint8Array(file.length())
        file.read(bytes, 0, bytes.length, 0)
        const coveredCount = this.#syncedCount + this.#unsynced.length
        await Promise.resolve()
        this.#fail('sync', file.path)
        if (coveredCount <= this.#syncedCount) return
        this.#durable = bytes
        this.#unsynced.splice(0, coveredCount - this.#syncedCount)
        this.#syncedCount = coveredCount
        this.onChange?.()
      },
    }
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length)
  result.set(bytes.subarray(0, length))
  return result
}
