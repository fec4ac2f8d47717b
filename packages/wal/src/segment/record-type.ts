import { UnitKind } from '@ldb/integrity'
import { OWNER_TYPE_MAX, RecordType, SKIPPABLE_TYPE_MIN } from '../format.js'

/** Reports whether the owner of the log appends records of a type, and defines their payload. */
export function isOwnerType(type: number): boolean {
  if (type === RecordType.blobCommit || type === RecordType.keyspaceChange) return true
  return type >= 0 && type <= OWNER_TYPE_MAX
}

/** Reports whether readers of this build pass over records of a type without returning them. */
export function isSkippedType(type: number): boolean {
  return type >= SKIPPABLE_TYPE_MIN || type === RecordType.timeMark
}

/** Returns why this build does not read records of a type, or `undefined` when it reads or skips them. */
export function unreadableTypeReason(type: number): string | undefined {
  if (isOwnerType(type) || isSkippedType(type)) return undefined
  if (type === RecordType.compressedCommit)
    return 'the log has a compressed commit, which this build does not read'
  return `the log has a record of type ${type}, which this build does not know`
}

/** Returns the kind of unit that the payload of a record of a type is: the cipher binds the payload to it. */
export function kindOfRecord(type: number): UnitKind {
  return (UnitKind.LogRecord + type * 256) as UnitKind
}
