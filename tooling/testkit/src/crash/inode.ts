import type { PagedBytes } from '../vfs/paged-bytes.js'

/** One pending change of a file. `order` is a sequence number over all operations of the file system. */
export type FileChange =
  | { readonly order: number; readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly order: number; readonly kind: 'zeros'; readonly offset: number; readonly end: number }
  | { readonly order: number; readonly kind: 'length'; readonly length: number }

/** Returns the length of a file after a change. */
export function lengthAfter(change: FileChange, before: number): number {
  if (change.kind === 'length') return change.length
  return Math.max(before, change.kind === 'zeros' ? change.end : change.offset + change.bytes.length)
}

/** A file: the content that programs see, the durable content, and the pending changes between them. */
export class CrashInode {
  readonly kind = 'file'
  readonly identity: string
  current: PagedBytes
  durable: PagedBytes
  pending: FileChange[]
  /** Failed syncs. Each handle that was open at the time reports the failure once. */
  failureCount: number
  /** A failed sync dropped changes that programs still see. */
  hasLost: boolean

  /** @param content - initial content, durable. */
  constructor(identity: string, content: PagedBytes) {
    this.identity = identity
    this.current = content
    this.durable = content.clone()
    this.pending = []
    this.failureCount = 0
    this.hasLost = false
  }

  /** Returns an independent copy with the same durable content and pending changes, without unreported sync failures. */
  clone(): CrashInode {
    const copy = new CrashInode(this.identity, this.current.clone())
    copy.durable = this.durable.clone()
    copy.pending = [...this.pending]
    copy.hasLost = this.hasLost
    return copy
  }

  /** Applies a change to the visible content. It becomes durable with the next sync. */
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

/** Applies a change to content. */
export function applyChange(bytes: PagedBytes, change: FileChange): void {
  if (change.kind === 'write') bytes.write(change.bytes, change.offset)
  else if (change.kind === 'zeros') bytes.zero(change.offset, change.end)
  else bytes.resize(change.length)
}
