import { assertGuarantee } from '../base/violation.js'
import type { RecordedEvent, RecordedHistory, RecordedTransaction } from './recorded-history.js'
import type { VersionTable } from './version-table.js'

/**
 * Checks a history for snapshot isolation, which both levels guarantee. Every read, also of a transaction that did
 * not commit, returns the state at the begin with the transaction's own writes applied; and no commit overwrites a
 * version that its snapshot does not contain.
 *
 * @throws Violation
 */
export function checkSnapshots(history: RecordedHistory, table: VersionTable): void {
  for (const transaction of history.transactions) checkReads(transaction, table)
  const written = new Map<string, number>()
  for (const transaction of history.commits) {
    for (const name of writesOf(transaction, table)) {
      const last = written.get(name) ?? 0
      assertGuarantee(
        last <= transaction.start,
        () =>
          `${transaction.id} has written ${name} over commit ${last}, which its snapshot does not contain (P4)`,
      )
      written.set(name, transaction.commit ?? 0)
    }
  }
}

function checkReads(transaction: RecordedTransaction, table: VersionTable): void {
  const own = new Map<string, string | undefined>()
  const expected = (name: string): string | undefined =>
    own.has(name) ? own.get(name) : table.versionAt(name, transaction.start).value
  for (const event of transaction.events) {
    if (event.do === 'put') own.set(event.name, event.value)
    else if (event.do === 'delete') own.set(event.name, undefined)
    else if (event.do === 'deleteRange') for (const name of covered(event, table)) own.set(name, undefined)
    else if (event.do === 'scan') checkScan(transaction, event, table, expected)
    else {
      const right = expected(event.name)
      assertGuarantee(
        event.value === right,
        () =>
          `${transaction.id} read ${event.name} as ${String(event.value)}, its snapshot has ${String(right)}`,
      )
    }
  }
}

function checkScan(
  transaction: RecordedTransaction,
  event: RecordedEvent & { readonly do: 'scan' },
  table: VersionTable,
  expected: (name: string) => string | undefined,
): void {
  const { gte, lt, reverse = false, limit = Infinity } = event.range
  const right: string[] = []
  for (const name of table.namesOf(event.keyspace)) {
    const key = name.slice(event.keyspace.length + 1)
    const value = expected(name)
    if (value === undefined || (gte !== undefined && key < gte) || (lt !== undefined && key >= lt)) continue
    right.push(`${key}=${value}`)
  }
  if (reverse) right.reverse()
  const found = event.entries.map(([key, value]) => `${key}=${value}`)
  assertGuarantee(
    String(found) === String(right.slice(0, limit)),
    () => `${transaction.id} scanned ${String(found)}, its snapshot has ${String(right.slice(0, limit))}`,
  )
}

/** Returns the names that no other transaction may have written since the begin. */
function writesOf({ events }: RecordedTransaction, table: VersionTable): Set<string> {
  const names = new Set<string>()
  for (const event of events) {
    if (event.do === 'put' || event.do === 'delete' || event.do === 'lock') names.add(event.name)
    else if (event.do === 'deleteRange') for (const name of covered(event, table)) names.add(name)
  }
  return names
}

function covered(event: RecordedEvent & { readonly do: 'deleteRange' }, table: VersionTable): string[] {
  return table.namesOf(event.keyspace).filter((name) => {
    const key = name.slice(event.keyspace.length + 1)
    return key >= event.gte && key < event.lt
  })
}
