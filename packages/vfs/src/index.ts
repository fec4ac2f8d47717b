/**
 * Files, clock, randomness and scheduling: all of the outside world that LDB touches, behind one interface, for Node
 * and in memory.
 *
 * @packageDocumentation
 */

export type { FileStatus, OpenMode, Vfs, VfsFile, VfsLock } from './vfs.js'
export type { Clock, Environment, RandomSource, Scheduled, Scheduler } from './time/environment.js'

export { DirectorySync } from './directory-sync.js'
export { FileRemoval } from './file-removal.js'
export { FileSync } from './file-sync.js'
export { MemoryVfs } from './memory/memory-vfs.js'
export type { MemoryVfsOptions } from './memory/memory-vfs.js'
export { OverlayVfs } from './memory/overlay-vfs.js'
export { ManualTime } from './time/manual-time.js'
export { SeededRandom } from './time/seeded-random.js'
export { directoryOf } from './path-names.js'
export { fileError } from './file-error.js'
export type { FileOperation } from './file-error.js'

export { defaultEnvironment, defaultVfs, nodeClock, nodeRandom, nodeScheduler, NodeVfs } from '#platform'
