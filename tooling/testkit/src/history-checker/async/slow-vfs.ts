import type { Vfs } from '@ldb/vfs'
import { LayerVfs } from '../../vfs/layer-vfs.js'
import type { VfsCall } from '../../vfs/layer-vfs.js'
import type { TestRandom } from '../../base/test-random.js'

/** A file system whose async calls take several microtasks, so that other calls interleave with them. */
export class SlowVfs extends LayerVfs {
  readonly #random: TestRandom
  readonly #microtasksMax: number

  /** @param microtasksMax - greatest number of microtasks before, and again after, each call. */
  constructor(below: Vfs, random: TestRandom, microtasksMax: number) {
    super(below)
    this.#random = random
    this.#microtasksMax = microtasksMax
  }

  override around<T>(_call: VfsCall, run: () => T): T {
    return run()
  }

  override async aroundAsync<T>(_call: VfsCall, run: () => Promise<T>): Promise<T> {
    await microtasks(this.#random.between(0, this.#microtasksMax))
    const result = await run()
    await microtasks(this.#random.between(0, this.#microtasksMax))
    return result
  }
}

/** Waits for a number of microtasks. */
export async function microtasks(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve()
}
