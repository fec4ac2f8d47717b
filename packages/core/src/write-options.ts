import { ownOptions, resolveDurability } from './database-options.js'
import type { Durability } from './database-options.js'

/** How to make one commit. @category Writing */
export interface WriteOptions {
  /** When it is acknowledged. Default: the durability of the database. */
  readonly durability?: Durability | undefined
}

const KNOWN = ['durability']
const LATER: ReadonlyMap<string, string> = new Map([['ttlMs', 'this build has no expiry (ttlMs)']])

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT, LDB_UNSUPPORTED. */
export function resolveWriteOptions(options: WriteOptions | undefined): Durability | undefined {
  if (options === undefined) return undefined
  return resolveDurability(ownOptions(options, KNOWN, LATER).get('durability'))
}
