import type { ReferenceWrite } from '../isolation/reference-transaction.js'
import type { RecordedEvent } from './recorded-history.js'

/** Returns the keys and ranges that a commit wrote or read for update. */
export function writeSetOf(events: readonly RecordedEvent[]): ReferenceWrite[] {
  return events.flatMap((event) => (event.do === 'get' || event.do === 'scan' ? [] : [accessedRange(event)]))
}

/**
 * Returns the keys and ranges that a transaction read or wrote. A scan that its limit cut counts with its whole
 * range.
 */
export function accessSetOf(events: readonly RecordedEvent[]): ReferenceWrite[] {
  return events.map(accessedRange)
}

function accessedRange(event: RecordedEvent): ReferenceWrite {
  if (event.do === 'deleteRange') return { keyspace: event.keyspace, lower: event.gte, upper: event.lt }
  if (event.do === 'scan') {
    return { keyspace: event.keyspace, lower: event.range.gte ?? '', upper: event.range.lt }
  }
  const key = event.name.slice(2)
  return { keyspace: event.name.slice(0, 1), lower: key, upper: `${key}\0` }
}
