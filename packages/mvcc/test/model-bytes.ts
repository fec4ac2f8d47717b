import { WriteBatch } from '@ldb/base'
import type { OrderedStore, StoreCursor } from '@ldb/base'
import { BTree } from '@ldb/btree'
import { MemoryVfs } from '@ldb/vfs'
import { TransactionManager } from '../src/transaction-manager.js'
import type { TransactionManagerOptions } from '../src/options.js'
import type { Transaction } from '../src/transaction/transaction.js'

/** Returns the bytes of a Latin-1 string, so that strings and their bytes have the same order. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

/** Returns the Latin-1 string of bytes. */
export function textOf(bytes: Uint8Array): string
export function textOf(bytes: Uint8Array | undefined): string | undefined
export function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : String.fromCharCode(...bytes)
}

/** Creates an empty tree in memory. */
export function memoryTree(): OrderedStore {
  return BTree.open(new MemoryVfs(), '/tree.ldb', { cacheBytes: 2 ** 20, pageBytes: 512 })
}

/** Creates a manager of two trees in memory, with the ids 1 and 2. */
export function memoryManager(
  options: Omit<Partial<TransactionManagerOptions>, 'stores'> = {},
): TransactionManager {
  return new TransactionManager({
    ...options,
    stores: [
      [1, memoryTree()],
      [2, memoryTree()],
    ],
  })
}

/** Writes entries outside of transactions; `undefined` deletes the key. */
export function writeAll(
  manager: TransactionManager,
  entries: Readonly<Record<string, string | undefined>>,
  keyspaceId = 1,
): void {
  const batch = new WriteBatch()
  for (const [key, value] of Object.entries(entries)) {
    if (value === undefined) batch.delete(keyspaceId, bytesOf(key))
    else batch.put(keyspaceId, bytesOf(key), bytesOf(value))
  }
  manager.write(batch)
}

/** Returns all entries of a cursor and closes it. */
export function entriesOf(cursor: StoreCursor): [string, string][] {
  const entries: [string, string][] = []
  for (let found = cursor.first(); found; found = cursor.next())
    entries.push([textOf(cursor.key), textOf(cursor.value)])
  cursor.close()
  return entries
}

/** Commits a transaction, and returns 'committed' or the error code. */
export function outcomeOf(transaction: Transaction): string {
  try {
    transaction.commit()
    return 'committed'
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}
