import { OperationKind } from '@ldb/base'
import type { BatchReader } from '@ldb/base'
import { findRecord } from '../read/lookup.js'
import type { PutGroup } from './put-group.js'
import { deleteAll, deleteRange } from './range-delete.js'
import type { TreeState } from './tree-state.js'
import { deleteEntry } from './writer.js'

/** Applies the operations of a reader in order. Consecutive puts are applied in groups. @internal */
export function applyOperations(state: TreeState, puts: PutGroup, reader: BatchReader): void {
  puts.clear()
  while (reader.next()) {
    if (reader.kind === OperationKind.Put) {
      puts.add(reader.keyStart, reader.keyEnd, reader.valueStart, reader.valueEnd)
      if (puts.isFull) puts.apply(state, reader.bytes)
    } else {
      puts.apply(state, reader.bytes)
      applyRemoval(state, reader)
    }
  }
  puts.apply(state, reader.bytes)
}

function applyRemoval(state: TreeState, reader: BatchReader): void {
  const { bytes, keyStart, keyEnd } = reader
  switch (reader.kind) {
    case OperationKind.Delete:
    case OperationKind.Expire:
      if (findRecord(state.pages.reader, state.root, bytes, keyStart, keyEnd) >= 0)
        deleteEntry(state, bytes, keyStart, keyEnd)
      break
    case OperationKind.DeleteRange:
      deleteRange(state, bytes.slice(keyStart, keyEnd), bytes.slice(reader.valueStart, reader.valueEnd))
      break
    case OperationKind.DeleteFrom:
      if (keyStart === keyEnd) deleteAll(state)
      else deleteRange(state, bytes.slice(keyStart, keyEnd), undefined)
      break
    case OperationKind.Put:
    case 0:
      break
  }
}
