/**
 * The platform interface of LDB: files, clock, randomness and scheduling, with implementations for Node.js and in memory.
 *
 * @packageDocumentation
 */

export type { DeadlineSync } from './environment/deadline-sync.js'
export type { FileStatus, LockMode, OpenMode, PinnedDirectory, Vfs, VfsFile, VfsLock } from './vfs.js'
export type { FilePath, FileUrl } from './file-path.js'
export type { Clock, Environment, RandomSource, ScheduledTask, Scheduler } from './environment/environment.js'

export { DirectorySync } from './directory-sync.js'
export { FileRemoval } from './file-removal.js'
export { FileSync } from './file-sync.js'
export { HeldBytes } from './held-bytes.js'
export type { HeldShape } from './held-bytes.js'
export { MemoryVfs } from './memory/memory-vfs.js'
export type { MemoryVfsOptions } from './memory/memory-vfs.js'
export { OverlayVfs } from './memory/overlay-vfs.js'
export { PooledVfs } from './pool/pooled-vfs.js'
export type { PooledVfsOptions } from './pool/pooled-vfs.js'
export type { OpenFileStats } from './pool/descriptor-pool.js'
export { ManualTime } from './environment/manual-time.js'
export { SeededRandom } from './environment/seeded-random.js'
export { OwnedVfs } from './owned/owned-vfs.js'
export { InternalVfs } from './owned/internal-vfs.js'
export { makeParents } from './parent-directories.js'
export { directoryOf } from './path-names.js'
export { resolvePath } from './resolve-path.js'
export { assertSameFile } from './same-file.js'
export { fileError, isMissingPath, isResourceShortage } from './file-error.js'
export type { FileOperation } from './file-error.js'

export type { Warning } from './environment/warning.js'
export {
  availableEnvironment,
  defaultEnvironment,
  defaultVfs,
  emitWarning,
  nodeClock,
  nodeRandom,
  nodeScheduler,
  NodeVfs,
} from '#platform'
