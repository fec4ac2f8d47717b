import { isLdbError, LdbError } from '@ldb/base'
import type { OrderedStore } from '@ldb/base'
import type { PageCache } from '@ldb/cache'
import type { Vfs } from '@ldb/vfs'
import type { EngineName, KeyspaceDescriptor, KeyspaceRecord } from '../catalog/catalog.js'
import { keyspacePath } from '../catalog/directory-layout.js'
import type { EventHub } from '../health/events.js'
import type { Health } from '../health/health.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import { engineOf } from './engine-registry.js'
import type { EngineTable } from './engine-registry.js'
import type { CreatedStore, Engine, StoreContext } from './engine.js'
import type { LogLink } from './log-link.js'
import { StoreEvents } from './store-events.js'

/** What the stores of one database share. */
export interface StoreSurroundings {
  readonly engines: EngineTable
  readonly vfs: Vfs
  /** Directory of the database. */
  readonly directory: string
  readonly cache: PageCache
  readonly log: LogLink
  readonly events: EventHub
  readonly health: Health
  readonly trigger: CheckpointTrigger
}

/** Creates and opens the stores of one database, each by the engine of its keyspace. */
export class StoreFactory {
  readonly vfs: Vfs
  /** Directory of the database. */
  readonly directory: string
  readonly cache: PageCache
  /** Engines of this build. */
  readonly engines: EngineTable
  readonly #surroundings: StoreSurroundings

  constructor(surroundings: StoreSurroundings) {
    this.#surroundings = surroundings
    this.vfs = surroundings.vfs
    this.directory = surroundings.directory
    this.cache = surroundings.cache
    this.engines = surroundings.engines
  }

  /**
   * Opens the store of a keyspace that the catalog names. Its files were durable before: a missing one was lost.
   *
   * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_UNSUPPORTED, LDB_IO.
   */
  open({ descriptor, section }: KeyspaceRecord): OrderedStore {
    const engine = this.#engineOf(descriptor.engine)
    try {
      return engine.open(this.#contextOf(descriptor), section)
    } catch (error) {
      if (!isLdbError(error, 'LDB_NOT_FOUND')) throw error
      throw new LdbError(
        'LDB_CORRUPTION',
        `a file of keyspace ${descriptor.id} is missing: ${error.message}`,
        {
          cause: error,
          details: { ...error.details, offset: 0 },
        },
      )
    }
  }

  /** Creates the store of a new keyspace in its directory, which exists. */
  create(descriptor: KeyspaceDescriptor): CreatedStore {
    return this.#engineOf(descriptor.engine).create(this.#contextOf(descriptor))
  }

  #engineOf(name: EngineName): Engine {
    return engineOf(this.engines, name)
  }

  #contextOf({ id, name }: KeyspaceDescriptor): StoreContext {
    const { vfs, directory, cache, log, events, health, trigger } = this.#surroundings
    const observer = new StoreEvents(name, events, health, trigger)
    return { vfs, directory: keyspacePath(directory, id), cache, log, observer }
  }
}
