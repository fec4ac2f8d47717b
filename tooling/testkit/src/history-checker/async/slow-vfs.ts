import type { Vfs } from '@ldb/vfs'
import { LayerVfs } from '../../vfs/layer-vfs.js'
import type { VfsCall } from '../../vfs/layer-vfs.js'
import type { TestRandom } from '../../test-random.js'

/** A file system whose calls off the thread take a while, so that much else happens meanwhile. */
export class SlowVfs extends LayerVfs {
  readonly #random: TestRandom
  readonly #microtasksMax: number

  /** @param microtasksMax - turns of the microtask queue that a call takes at most, before it is made and behind it. */
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

/** Lets others go first, that many times. */
export async function microtasks(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve()
}
