import type { Environment } from '../time/environment.js'
import { FileTree } from './file-tree.js'
import { ManualTime } from '../time/manual-time.js'
import { SeededRandom } from '../time/seeded-random.js'
import type { LowerFile } from './tree-file.js'
import { TreeVfs } from './tree-vfs.js'
import type { VfsLock } from '../vfs.js'

/**
 * What a {@link MemoryVfs} takes from outside; whatever is missing is deterministic.
 *
 * @category Files
 */
export interface MemoryVfsOptions extends Partial<Environment> {
  /** Seed of the random source, when no `random` is given. @defaultValue 1 */
  readonly seed?: number
}

/**
 * Files in memory, sparse, with POSIX semantics: a file that is renamed over or removed lives on in its open handles.
 *
 * @remarks Every path starts at the one root, which exists; `'data'` and `'/data'` are the same. Nothing is shared
 * between two instances, and all is gone with the instance. Without options, two instances that are used alike behave
 * alike: their random bytes come from a seed and their clock only moves when {@link MemoryVfs.time} is told to. A
 * program that needs identifiers unlike those of other instances gives a `random`, `defaultEnvironment()` for instance.
 *
 * @example
 * ```ts
 * import { MemoryVfs } from '@ldb/vfs'
 *
 * const vfs = new MemoryVfs()
 * const file = vfs.open('/notes', 'create')
 * file.write(new Uint8Array([1, 2, 3]), 0, 3, 2 ** 40)
 * console.log(file.length()) // 1099511627779
 * ```
 * @category Files
 */
export class MemoryVfs extends TreeVfs {
  /** The clock and scheduler in use, unless the options gave others. */
  readonly time: ManualTime

  constructor(options: MemoryVfsOptions = {}) {
    const time = new ManualTime()
    super(new FileTree(), {
      clock: options.clock ?? time,
      random: options.random ?? new SeededRandom(options.seed ?? 1),
      scheduler: options.scheduler ?? time,
    })
    this.time = time
  }

  protected override openLower(): LowerFile | undefined {
    return undefined
  }

  protected override lockLower(): VfsLock | undefined {
    return undefined
  }
}
