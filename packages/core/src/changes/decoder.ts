import { BatchReader, copyBytes, equalBytes, OperationKind } from '@ldb/base'
import type { KeyBounds, KeyspaceSection } from '@ldb/base'
import { KeyspaceCodec } from '../keyspace/codec.js'
import { encodingsOf } from '../keyspace/options.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { KeyspaceTable } from '../keyspace/table.js'
import type { LargeValues } from './large-values.js'
import type { ResolvedChangesOptions } from './options.js'
import type { Change } from './change.js'

/** Decodes the changes of commits that a stream selects. */
export class ChangeDecoder<K, V> {
  readonly #keyspaces: KeyspaceTable
  readonly #options: ResolvedChangesOptions
  readonly #reader = new BatchReader()
  readonly #codecs: Map<number, KeyspaceCodec<K, V>> = new Map()

  constructor(keyspaces: KeyspaceTable, options: ResolvedChangesOptions) {
    this.#keyspaces = keyspaces
    this.#options = options
  }

  /**
   * Adds the changes of one keyspace.
   *
   * @param values - its large values, by the positions of their references.
   * @param isLoad - range deletes stand for loads.
   */
  decode(
    section: KeyspaceSection,
    { descriptor: { name: keyspace }, decoder }: KeyspaceStore,
    values: LargeValues | undefined,
    isLoad: boolean,
    changes: Change<K, V>[],
  ): void {
    const reader = this.#reader
    const codec = this.#codecOf(section.keyspaceId)
    const { filter } = this.#options
    reader.reset(section)
    while (reader.next()) {
      const first = reader.key()
      if (reader.kind !== OperationKind.DeleteRange && reader.kind !== OperationKind.DeleteFrom) {
        if (!filter.has(first)) continue
        const key = codec.decodeKey(first)
        if (reader.kind === OperationKind.Delete) changes.push({ kind: 'delete', keyspace, key })
        else if (reader.kind === OperationKind.Expire) changes.push({ kind: 'expire', keyspace, key })
        else {
          const large = values?.get(reader.valueStart)
          const kept = large ?? reader.value()
          const isPlain = large !== undefined || decoder === undefined
          const value = codec.decodeValue(isPlain ? kept : decoder.valueOf(kept))
          changes.push({ kind: 'put', keyspace, key, value })
        }
      } else {
        const last = reader.kind === OperationKind.DeleteRange ? reader.value() : undefined
        const range: KeyBounds = { lower: first.length === 0 ? undefined : first, upper: last }
        const part = filter.partOf(range)
        if (part === undefined) continue
        const lower = part.lower === undefined ? undefined : copyBytes(part.lower)
        const upper = part.upper === undefined ? undefined : copyBytes(part.upper)
        const [gte, lt] = [keyOfBound(codec, lower), keyOfBound(codec, upper)]
        const kind = isLoad ? 'load' : 'deleteRange'
        changes.push({ kind, keyspace, gte, lt, lower, upper })
      }
    }
  }

  #codecOf(keyspaceId: number): KeyspaceCodec<K, V> {
    const { keyspace } = this.#options
    if (keyspace !== undefined) return keyspace.codec as KeyspaceCodec<K, V>
    const present = this.#codecs.get(keyspaceId)
    if (present !== undefined) return present
    const { descriptor } = this.#keyspaces.require(keyspaceId)
    const { keys, values } = encodingsOf<K, V>(descriptor, {
      engine: undefined,
      compression: undefined,
      dictionary: undefined,
      keys: undefined,
      values: undefined,
      ttlMs: undefined,
    })
    const codec = new KeyspaceCodec(keys, values)
    this.#codecs.set(keyspaceId, codec)
    return codec
  }
}

/** Returns the key whose encoding is `bound`; `undefined` when no key has it. */
function keyOfBound<K, V>(codec: KeyspaceCodec<K, V>, bound: Uint8Array | undefined): K | undefined {
  if (bound === undefined) return undefined
  try {
    const key = codec.decodeKey(bound)
    return equalBytes(codec.encodeKey(key), bound) ? key : undefined
  } catch {
    // An encoding may reject bytes with any error.
    return undefined
  }
}
