/**
 * The platform interface of LDB: files, clock, randomness and scheduling, with implementations for Node.js and in memory.
 *
 * @packageDocumentation
 */

export type { DeadlineSync } from './environment/deadline-sync.js'
export type { FileStatus, LockMode, OpenMode, Vfs, VfsFile, VfsLock } from './vfs.js'
export type { Clock, Environment, RandomSource, ScheduledTask, Scheduler } from './environment/environment.js'

export { DirectorySync } from './directory-sync.js'
export { FileRemoval } from './file-removal.js'
export { FileSync } from './file-sync.js'
export { MemoryVfs } from './memory/memory-vfs.js'
export type { MemoryVfsOptions } from './memory/memory-vfs.js'
export { OverlayVfs } from './memory/overlay-vfs.js'
export { ManualTime } from './environment/manual-time.js'
export { SeededRandom } from './environment/seeded-random.js'
export { directoryOf } from './path-names.js'
export { fileError, isResourceShortage } from './file-error.js'
export type { FileOperation } from './file-error.js'

export { defaultEnvironment, defaultVfs, nodeClock, nodeRandom, nodeScheduler, NodeVfs } from '#platform'
