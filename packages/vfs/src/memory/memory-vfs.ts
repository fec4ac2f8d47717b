import { optionalMember } from '@ldb/base'
import type { Environment } from '../environment/environment.js'
import { FileTree } from './file-tree.js'
import { ManualTime } from '../environment/manual-time.js'
import { SeededRandom } from '../environment/seeded-random.js'
import type { LowerFile } from './tree-file.js'
import { NO_LOWER_LOCK, TreeVfs } from './tree-vfs.js'
import type { VfsLock } from '../vfs.js'

/**
 * Options of a {@link MemoryVfs}. Every default is deterministic.
 *
 * @category Files
 */
export interface MemoryVfsOptions extends Partial<Environment> {
  /** Seed of the random source when `random` is absent; see {@link SeededRandom}. @defaultValue 1 */
  readonly seed?: number
}

/**
 * A file system in memory: sparse files with POSIX semantics. A file that is removed or replaced by a rename stays usable through
 * its open handles.
 *
 * @remarks Every path starts at the root directory, which exists; `'data'` and `'/data'` are the same path. Instances share
 * nothing, and the files are lost with the instance. Without options an instance is deterministic: its random bytes come from a
 * seed, and its clock changes only through {@link MemoryVfs.time}. A program that needs identifiers unique across instances passes
 * a `random`, for instance that of `defaultEnvironment()`.
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
  /** The default clock and scheduler, in use unless the options replace them. */
  readonly time: ManualTime

  constructor(options: MemoryVfsOptions = {}) {
    const time = new ManualTime()
    super(new FileTree(), {
      clock: optionalMember(options, 'clock') ?? time,
      random: optionalMember(options, 'random') ?? new SeededRandom(optionalMember(options, 'seed') ?? 1),
      scheduler: optionalMember(options, 'scheduler') ?? time,
    })
    this.time = time
  }

  protected override openLower(): LowerFile | undefined {
    return undefined
  }

  protected override lockLower(): VfsLock {
    return NO_LOWER_LOCK
  }
}
