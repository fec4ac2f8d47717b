import { invalidArgument } from '@ldb/base'
import type { KeyEncoding, ValueEncoding } from '@ldb/base'
import { CONSUMERS_KEYSPACE } from './catalog/directory-layout.js'
import { KeyspaceCodec } from './keyspace/codec.js'
import { encodingsOf, resolveKeyspaceOptions } from './keyspace/options.js'
import type { KeyspaceOptions } from './keyspace/options.js'
import type { KeyspaceStore } from './keyspace/store.js'
import type { HandleSentinel } from './health/leaks.js'
import type { OpenDatabase } from './open/open-database.js'
import { LiveSource } from './read/read-source.js'
import { Keyspace } from './write/keyspace.js'

/** A keyspace as a caller has opened it. */
interface KeyspaceHandle {
  readonly keyspace: Keyspace<never, never>
  readonly keys: KeyEncoding<never>
  readonly values: ValueEncoding<never>
}

/** The `Keyspace` objects of one database: one for each open keyspace, so that equal calls return the same object. */
export class KeyspaceHandles {
  readonly #opened: OpenDatabase
  readonly #sentinel: HandleSentinel
  readonly #handles: Map<KeyspaceStore, KeyspaceHandle> = new Map()

  constructor(opened: OpenDatabase, sentinel: HandleSentinel) {
    this.#opened = opened
    this.#sentinel = sentinel
  }

  /** Opens or creates a keyspace; documented where it is exported, as `Database.keyspace`. */
  open(name: string, options: KeyspaceOptions<never, never> | undefined): Keyspace<never, never> {
    assertNotReserved(name)
    return this.#open(name, options)
  }

  /** Opens or creates a keyspace that applications cannot open. */
  openReserved(name: string): Keyspace<never, never> {
    return this.#open(name, {
      keys: 'utf8',
      values: 'json',
      engine: 'btree',
      compression: 'none',
    } as KeyspaceOptions<never, never>)
  }

  #open(name: string, options: KeyspaceOptions<never, never> | undefined): Keyspace<never, never> {
    const { manager, health, openReads, pipeline } = this.#opened
    health.assertOpen()
    pipeline.drainWaiting()
    const resolved = resolveKeyspaceOptions(options)
    const store = manager.open(name, resolved)
    const encodings = encodingsOf(store.descriptor, resolved)
    const present = this.#handles.get(store)
    if (present !== undefined && hasEncodings(present, encodings)) return present.keyspace
    const source = new LiveSource(store, health, openReads, this.#sentinel)
    const keyspace = new Keyspace(source, new KeyspaceCodec(encodings.keys, encodings.values), pipeline)
    this.#handles.set(store, { keyspace, ...encodings })
    return keyspace
  }

  /** Drops a keyspace; documented where it is exported, as `Database.dropKeyspace`. */
  drop(name: string): void {
    const { manager, keyspaces } = this.#opened
    assertNotReserved(name)
    const store = typeof name === 'string' ? keyspaces.byName(name) : undefined
    manager.drop(name)
    if (store !== undefined) this.#handles.delete(store)
  }

  /** Removes all handles, when the database closes. */
  clear(): void {
    this.#handles.clear()
  }
}

function assertNotReserved(name: string): void {
  if (name === CONSUMERS_KEYSPACE)
    throw invalidArgument(`the keyspace ${name} is reserved for the positions of consumers`)
}

/** Built-in encodings are singletons. A custom encoding is wrapped at each call, so that its handle never matches. */
function hasEncodings(handle: KeyspaceHandle, encodings: Pick<KeyspaceHandle, 'keys' | 'values'>): boolean {
  return handle.keys === encodings.keys && handle.values === encodings.values
}
