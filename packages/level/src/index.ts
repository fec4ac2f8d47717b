/**
 * LDB as an abstract-level database.
 *
 * @packageDocumentation
 */

export { LdbLevel } from './ldb-level.js'
export type { LevelFormat, LevelWriteOptions } from './ldb-level.js'
export type { LdbLevelOptions } from './level-options.js'
