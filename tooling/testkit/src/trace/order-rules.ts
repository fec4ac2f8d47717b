import type { VfsCall, VfsWrite } from '../vfs/layer-vfs.js'
import { parentOf } from './trace-state.js'
import type { TraceState } from './trace-state.js'

/**
 * A rule for the order of calls. Checks each call before it runs, and returns a description of the violation, if any.
 *
 * @category Tracing
 */
export type OrderRule = (call: VfsCall, state: TraceState) => string | undefined

/** Selects files by their paths. */
export type PathTest = (path: string) => boolean

/** A copy of the catalog: nothing depends on it while the catalog is intact, so that it may be torn. */
const COPY_NAME = '/CATALOG.copy'

/** A file is renamed only when all bytes written to it are durable. @category Tracing */
export const renamesWholeFiles: OrderRule = (call, state) => {
  if (call.kind !== 'rename') return undefined
  const waiting = [...state.files.values()].filter(
    (file) =>
      (file.path === call.path || file.path.startsWith(`${call.path}/`)) &&
      file.unsynced.length > 0 &&
      !file.path.endsWith(COPY_NAME),
  )
  return waiting.length === 0
    ? undefined
    : `${call.path} is renamed before ${waiting[0]?.path ?? ''} was synced`
}

/** A file is removed only when earlier directory entries, such as that of its replacement, are durable. @category Tracing */
export const removesAfterReplacement: OrderRule = (call, state) => {
  if (call.kind !== 'remove') return undefined
  const directory = parentOf(call.path)
  const waiting = state.pendingNames.find(
    (name) => name.directory === directory && name.kind !== 'remove' && name.path !== call.path,
  )
  const isOwn = state.files.get(call.path)?.isEntryDurable === false
  return waiting === undefined || isOwn
    ? undefined
    : `${call.path} is removed before ${waiting.path} was synced`
}

/**
 * Applies a rule except to the removal of a whole store: of its root file, and of the files beside it from then on.
 *
 * @param rootName - name of the file without which a directory is no store.
 * @category Tracing
 */
export function exceptWholeStores(rule: OrderRule, rootName: string): OrderRule {
  return (call, state) => {
    const root = `${parentOf(call.path)}/${rootName}`
    const isStoreRemoved = state.pendingNames.some(({ kind, path }) => kind === 'remove' && path === root)
    return call.kind === 'remove' && (call.path === root || isStoreRemoved) ? undefined : rule(call, state)
  }
}

/** Synced bytes of these files at or above offset `from` are never overwritten. @category Tracing */
export function neverRewrites(isLog: PathTest, from: number): OrderRule {
  return (call, state) => {
    if (call.kind !== 'write' || !isLog(call.path) || call.span.fileOffset < from) return undefined
    const { syncedEnd } = state.file(call.path)
    if (call.span.fileOffset >= syncedEnd) return undefined
    return `${call.path} is written to at ${call.span.fileOffset}, below its synced end ${syncedEnd}`
  }
}

/** Such a file is synced only when its directory entry is durable. @category Tracing */
export function namesBeforeSync(isLog: PathTest): OrderRule {
  return (call, state) => {
    if (call.kind !== 'sync' || !isLog(call.path) || state.file(call.path).isEntryDurable) return undefined
    return `${call.path} is synced before its name is`
  }
}

/**
 * The root of such a file, which lies below offset `rootEnd`, is written only when the rest of the file is durable, and the
 * written log records too, unless the same root was written before.
 *
 * @param wasThere - reports whether the write repeats an existing root.
 * @param besideWrites - the root belongs to a state frozen earlier: bytes written after the last sync of the file was called
 * are no part of it.
 * @category Tracing
 */
export function rootsAfterData(
  isTree: PathTest,
  rootEnd: number,
  isLog: PathTest,
  wasThere: (write: VfsWrite) => boolean = () => false,
  besideWrites = false,
): OrderRule {
  return (call, state) => {
    if (call.kind !== 'write' || !isTree(call.path) || call.span.fileOffset >= rootEnd) return undefined
    const file = state.file(call.path)
    const end = besideWrites ? file.syncCalledAt : Infinity
    if (file.unsynced.some((extent) => extent.end > rootEnd && extent.at < end)) {
      return `the root of ${call.path} is written before its pages were synced`
    }
    if (wasThere(call)) return undefined
    const log = [...state.files.values()].find(
      (other) => isLog(other.path) && other.unsynced.some(({ at }) => at < end),
    )
    return log === undefined ? undefined : `the root of ${call.path} is written before ${log.path} was synced`
  }
}

/** Rules that apply to every store. @category Tracing */
export const COMMON_RULES: readonly OrderRule[] = [renamesWholeFiles, removesAfterReplacement]
