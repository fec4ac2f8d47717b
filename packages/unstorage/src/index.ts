/**
 * A driver of unstorage.
 *
 * @packageDocumentation
 */

export { ldbDriver } from './ldb-driver.js'
export type { ItemOptions, LdbDriver, LdbDriverOptions } from './ldb-driver.js'
