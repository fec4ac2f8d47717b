/**
 * A page in the browser that shows an LDB database, and edits it.
 *
 * @packageDocumentation
 */

export { Studio } from './studio.js'
export type { StudioOptions } from './studio.js'
