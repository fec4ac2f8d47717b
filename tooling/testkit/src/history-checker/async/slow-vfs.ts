import type { Vfs } from '@ldb/vfs'
import { LayerVfs } from '../../vfs/layer-vfs.js'
import type { VfsCall } from '../../vfs/layer-vfs.js'
import type { TestRandom } from '../../test-random.js'

/** A file system whose calls off the thread take a while, so that much else happens meanwhile. */
export class SlowVfs extends LayerVfs {
  readonly #random: TestRandom
  readonly #turnsMax: number

  /** @param turnsMax - turns of the microtask queue that a call takes at most, before it is made and behind it. */
  constructor(below: Vfs, random: TestRandom, turnsMax: number) {
    super(below)
    this.#random = random
    this.#turnsMax = turnsMax
  }

  override around<T>(_call: VfsCall, run: () => T): T {
    return run()
  }

  override async aroundAsync<T>(_call: VfsCall, run: () => Promise<T>): Promise<T> {
    await turns(this.#random.between(0, this.#turnsMax))
    const result = await run()
    await turns(this.#random.between(0, this.#turnsMax))
    return result
  }
}

/** Lets others go first, that many times. */
export async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await Promise.resolve()
}
