import type { PagedBytes } from '../vfs/paged-bytes.js'

/** One change to a file that is not on the device. `order` counts the operations of the whole file system. */
export type FileChange =
  | { readonly order: number; readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly order: number; readonly kind: 'zeros'; readonly offset: number; readonly end: number }
  | { readonly order: number; readonly kind: 'length'; readonly length: number }

/** Length of a file after a change. */
export function lengthAfter(change: FileChange, before: number): number {
  if (change.kind === 'length') return change.length
  return Math.max(before, change.kind === 'zeros' ? change.end : change.offset + change.bytes.length)
}

/** A file: what programs see, what the device has, and the changes between the two. */
export class CrashInode {
  readonly kind = 'file'
  readonly identity: string
  current: PagedBytes
  durable: PagedBytes
  pending: FileChange[]
  /** Syncs that have failed: each handle that was open then is told once. */
  failureCount: number
  /** A failed sync lost changes that programs still see. */
  hasLost: boolean

  /** @param content - what the file holds, on the device too. */
  constructor(identity: string, content: PagedBytes) {
    this.identity = identity
    this.current = content
    this.durable = content.clone()
    this.pending = []
    this.failureCount = 0
    this.hasLost = false
  }

  /** A file of its own with the same bytes on the device, and the same changes waiting; no failure waits to be told. */
  clone(): CrashInode {
    const copy = new CrashInode(this.identity, this.current.clone())
    copy.durable = this.durable.clone()
    copy.pending = [...this.pending]
    copy.hasLost = this.hasLost
    return copy
  }

  /** Changes what programs see; the device has it when it is synced. */
  change(change: FileChange): void {
    this.pending.push(change)
    applyChange(this.current, change)
  }

  /** Makes the first `count` pending changes durable. */
  makeDurable(count: number): void {
    for (const change of this.pending.slice(0, count)) applyChange(this.durable, change)
    this.pending = this.pending.slice(count)
  }
}

/** Makes a change to bytes. */
export function applyChange(bytes: PagedBytes, change: FileChange): void {
  if (change.kind === 'write') bytes.write(change.bytes, change.offset)
  else if (change.kind === 'zeros') bytes.zero(change.offset, change.end)
  else bytes.resize(change.length)
}
