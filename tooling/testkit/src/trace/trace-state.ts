import type { VfsCall } from '../vfs/layer-vfs.js'

/** Tracked state of a written file. */
export interface FileTrace {
  path: string
  /** Writes since the last sync, with their byte ranges. A change of length is an empty range at the new end. */
  unsynced: { readonly start: number; readonly end: number; readonly at: number }[]
  /** {@link TraceState.time} at which the last completed sync was called. */
  syncCalledAt: number
  /** End of the last synced write. Only zeros were written above it. */
  syncedEnd: number
  /** Its directory entry is durable. */
  isEntryDurable: boolean
}

/** A directory operation that no directory sync has covered. */
interface PendingName {
  readonly directory: string
  readonly path: string
  readonly kind: 'create' | 'rename' | 'remove'
}

/** The state of a device, derived from the calls made. */
export class TraceState {
  readonly files: Map<string, FileTrace> = new Map()
  pendingNames: PendingName[] = []
  /** Logical time: the number of changes to files so far. */
  time = 0

  file(path: string): FileTrace {
    const known = this.files.get(path) ?? {
      path,
      unsynced: [],
      syncCalledAt: 0,
      syncedEnd: 0,
      isEntryDurable: true,
    }
    this.files.set(path, known)
    return known
  }

  /** Updates the state after a call. */
  note(call: VfsCall, existedBefore: boolean): void {
    switch (call.kind) {
      case 'open':
        if (!existedBefore) this.#created(call.path)
        return
      case 'makeDirectory':
        this.#created(call.path)
        return
      case 'write': {
        const { fileOffset, byteCount } = call.span
        this.file(call.path).unsynced.push({
          start: fileOffset,
          end: fileOffset + byteCount,
          at: this.time++,
        })
        return
      }
      case 'truncate':
        this.file(call.path).unsynced.push({ start: call.length, end: call.length, at: this.time++ })
        this.file(call.path).syncedEnd = Math.min(this.file(call.path).syncedEnd, call.length)
        return
      case 'rename':
        this.#renamed(call.path, call.target)
        return
      case 'remove':
        this.files.delete(call.path)
        this.#named('remove', call.path)
        return
      case 'syncDirectory':
        this.#directorySynced(call.path)
        return
      default:
    }
  }

  /** Records a completed sync: writes made before it was called, at `calledAt`, are durable. */
  synced(path: string, calledAt: number): void {
    const file = this.file(path)
    for (const { end, at } of file.unsynced) if (at < calledAt) file.syncedEnd = Math.max(file.syncedEnd, end)
    file.unsynced = file.unsynced.filter(({ at }) => at >= calledAt)
    file.syncCalledAt = Math.max(file.syncCalledAt, calledAt)
  }

  #created(path: string): void {
    this.file(path).isEntryDurable = false
    this.#named('create', path)
  }

  #renamed(source: string, target: string): void {
    const moved = [...this.files.values()].filter(
      (file) => file.path === source || file.path.startsWith(`${source}/`),
    )
    for (const file of moved) {
      this.files.delete(file.path)
      file.path = target + file.path.slice(source.length)
      this.files.set(file.path, file)
    }
    this.file(target).isEntryDurable = false
    this.#named('rename', target)
  }

  #named(kind: PendingName['kind'], path: string): void {
    this.pendingNames.push({ directory: parentOf(path), path, kind })
  }

  #directorySynced(path: string): void {
    const directory = path.replace(/\/+$/, '')
    const isCovered = (pending: PendingName): boolean =>
      pending.directory === directory || (directory === '.' && pending.directory === '')
    for (const pending of this.pendingNames) {
      const file = this.files.get(pending.path)
      if (isCovered(pending) && file !== undefined) file.isEntryDurable = true
    }
    this.pendingNames = this.pendingNames.filter((pending) => !isCovered(pending))
  }
}

/** Returns the parent directory of a path; empty for a path without one. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
