import type { Vfs } from '@ldb/vfs'
import { seededRandom } from '../base/test-random.js'
import type { TestRandom } from '../base/test-random.js'
import { LayerVfs } from './layer-vfs.js'
import type { VfsCall } from './layer-vfs.js'

/** What a read throws whose bytes are not in memory: a signal, not an error. */
export const MISS: unique symbol = Symbol('a read whose bytes are not in memory')

/** A file system whose reads may throw {@link MISS}, as the file system below the asynchronous API does. */
export class MissingVfs extends LayerVfs {
  /** While true, half of the reads throw. */
  isArmed = false
  /** Reads that threw. */
  missCount = 0
  readonly #random: TestRandom

  constructor(below: Vfs, seed: number) {
    super(below)
    this.#random = seededRandom(seed)
  }

  around<T>(call: VfsCall, run: () => T): T {
    if (call.kind !== 'read' || !this.isArmed || !this.#random.chance(0.5)) return run()
    this.missCount++
    // oxlint-disable-next-line typescript/only-throw-error -- a signal, as core throws it
    throw MISS
  }

  aroundAsync<T>(_call: VfsCall, run: () => Promise<T>): Promise<T> {
    return run()
  }

  /** Runs a read of a store, again after each miss, and returns its result. */
  repeat<T>(read: () => T): T {
    for (;;) {
      this.isArmed = true
      try {
        return read()
      } catch (error) {
        if (error !== MISS) throw error
      } finally {
        this.isArmed = false
      }
    }
  }
}
