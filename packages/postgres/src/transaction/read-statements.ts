import type { DriverKey, RangeRequest } from '@ldb/cluster'
import type { SchemaNames } from '../schema/schema-names.js'
import { encodeByteaArray } from '../session/byte-arrays.js'
import type { Parameter, Statement } from '../session/exchange.js'

/** Keys of one keyspace, with their positions in the request. */
export interface KeyGroup {
  readonly keyspaceId: string
  readonly keys: Uint8Array[]
  readonly positions: number[]
}

/** Groups keys by their keyspace. */
export function groupKeys(keys: readonly DriverKey[]): KeyGroup[] {
  const groups = new Map<string, KeyGroup>()
  keys.forEach(({ keyspace, key }, position) => {
    let group = groups.get(keyspace.id)
    if (group === undefined) {
      group = { keyspaceId: keyspace.id, keys: [], positions: [] }
      groups.set(keyspace.id, group)
    }
    group.keys.push(key)
    group.positions.push(position)
  })
  return [...groups.values()]
}

/** Returns the statement that reads a group: rows of key and value, or of the value alone for one key. */
export function getStatement(names: SchemaNames, { keyspaceId, keys }: KeyGroup): Statement {
  const table = names.entries(keyspaceId)
  const [first] = keys
  if (keys.length === 1 && first !== undefined) {
    return { text: `select v from ${table} where k = $1::bytea`, values: [first] }
  }
  return { text: `select k, v from ${table} where k = any($1::bytea[])`, values: [encodeByteaArray(keys)] }
}

/** Returns the statement that reads at most `limit` entries of a range. */
export function rangeStatement(names: SchemaNames, request: RangeRequest, limit: number): Statement {
  const values: Parameter[] = []
  const add = (value: Parameter, type: string): string => `$${values.push(value)}::${type}`
  const conditions: string[] = []
  if (request.lower !== undefined) conditions.push(`k >= ${add(request.lower, 'bytea')}`)
  if (request.upper !== undefined) conditions.push(`k < ${add(request.upper, 'bytea')}`)
  const value = Number.isFinite(request.valueBytes) ? `substr(v, 1, ${add(request.valueBytes, 'int')})` : 'v'
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`
  const order = request.reverse ? 'desc' : 'asc'
  const text = `select k, ${value} from ${names.entries(request.keyspace.id)} ${where} order by k ${order} limit ${add(limit, 'bigint')}`
  return { text, values }
}
