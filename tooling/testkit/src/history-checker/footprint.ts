import type { ReferenceWrite } from '../isolation/reference-transaction.js'
import type { RecordedEvent } from './recorded-history.js'

/** What a commit has written, or read for update: keys and ranges. */
export function writeSetOf(events: readonly RecordedEvent[]): ReferenceWrite[] {
  return events.flatMap((event) => (event.do === 'get' || event.do === 'scan' ? [] : [accessedRange(event)]))
}

/** All that a transaction has read or written, and somewhat more where a scan was cut short. */
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
