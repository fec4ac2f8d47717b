import { assert, LdbError } from '@ldb/base'
import type { EngineName } from '../catalog/catalog.js'
import { EngineNumber } from '../format.js'
import { BTREE_ENGINE } from './btree-engine.js'
import type { Engine } from './engine.js'
import { LSM_ENGINE } from './lsm-engine.js'

/** Engines of this build by name. */
export type EngineTable = Readonly<Partial<Record<EngineName, Engine>>>

/** The engines that this build contains. */
export const BUILT_IN_ENGINES: EngineTable = Object.freeze({ btree: BTREE_ENGINE, lsm: LSM_ENGINE })

/**
 * Returns the engine of a keyspace.
 *
 * @throws {@link LdbError} LDB_UNSUPPORTED when this build does not contain it.
 */
export function engineOf(engines: EngineTable, name: EngineName): Engine {
  const engine = engines[name]
  if (engine === undefined)
    throw new LdbError('LDB_UNSUPPORTED', `this build has no engine ${JSON.stringify(name)}`)
  assert(engine.number === EngineNumber[name], 'an engine has the number that the catalog gives its name')
  return engine
}

/** Reports whether any engine uses this file name in the directory of a keyspace. */
export function isStoreFileName(engines: EngineTable, name: string): boolean {
  return Object.values(engines).some((engine) => engine.ownsFile(name))
}
