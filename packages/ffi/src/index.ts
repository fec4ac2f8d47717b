/**
 * The engine of LDB behind an interface of numbers and bytes: what the C library runs inside of an embedded JavaScript engine.
 *
 * @packageDocumentation
 */

export { createLibrary } from './library.js'
export type { Library, LibraryHost } from './library.js'
export type { LibraryFunction } from './library-context.js'
export type { WindowHost } from './read-windows.js'
export type { CommitHost } from './shared-commits.js'
export { STATUS } from './status.js'
