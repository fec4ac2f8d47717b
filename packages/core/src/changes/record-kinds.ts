import type { VerifyUnitKind } from '@ldb/base'
import { LogRecordType } from '../format.js'

/** Names of the records that a database appends to its log. */
const RECORD_KINDS: ReadonlyMap<VerifyUnitKind, VerifyUnitKind> = new Map<VerifyUnitKind, VerifyUnitKind>([
  [`record-${LogRecordType.Load}`, 'load-record'],
  [`record-${LogRecordType.Commit}`, 'commit-record'],
  [`record-${LogRecordType.Checkpoint}`, 'checkpoint-record'],
  [`record-${LogRecordType.Catalog}`, 'catalog-record'],
  [`record-${LogRecordType.BlobCommit}`, 'blob-commit-record'],
  [`record-${LogRecordType.Keyspace}`, 'keyspace-record'],
])

/** Returns the name of a record that has its type in place of a name; any other kind as it is. */
export function namedKind(kind: VerifyUnitKind): VerifyUnitKind {
  return RECORD_KINDS.get(kind) ?? kind
}
