/**
 * A storage adapter of Keyv.
 *
 * @packageDocumentation
 */

export { KeyvLdb } from './keyv-ldb.js'
export type { KeyvLdbOptions, NewEntry } from './keyv-ldb.js'
