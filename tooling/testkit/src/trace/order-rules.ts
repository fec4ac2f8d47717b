import type { VfsCall, VfsWrite } from '../vfs/layer-vfs.js'
import { parentOf } from './trace-state.js'
import type { TraceState } from './trace-state.js'

/**
 * A rule for the order of calls: looks at each call before it is made, and says what is wrong with it.
 *
 * @category Tracing
 */
export type OrderRule = (call: VfsCall, state: TraceState) => string | undefined

/** Tells files apart by their paths. */
export type PathTest = (path: string) => boolean

/** A file gets its name only when all that was written to it is on the device. @category Tracing */
export const renamesWholeFiles: OrderRule = (call, state) => {
  if (call.kind !== 'rename') return undefined
  const waiting = [...state.files.values()].filter(
    (file) => (file.path === call.path || file.path.startsWith(`${call.path}/`)) && file.unsynced.length > 0,
  )
  return waiting.length === 0
    ? undefined
    : `${call.path} is renamed before ${waiting[0]?.path ?? ''} was synced`
}

/** A file is removed only when names that came before, its replacement's for instance, are on the device. @category Tracing */
export const removesAfterReplacement: OrderRule = (call, state) => {
  if (call.kind !== 'remove') return undefined
  const directory = parentOf(call.path)
  const waiting = state.pendingNames.find(
    (name) => name.directory === directory && name.kind !== 'remove' && name.path !== call.path,
  )
  const isOwn = state.files.get(call.path)?.isNamed === false
  return waiting === undefined || isOwn
    ? undefined
    : `${call.path} is removed before ${waiting.path} was synced`
}

/** What was synced in these files behind `from` is never written over. @category Tracing */
export function neverRewrites(isLog: PathTest, from: number): OrderRule {
  return (call, state) => {
    if (call.kind !== 'write' || !isLog(call.path) || call.span.fileOffset < from) return undefined
    const { syncedEnd } = state.file(call.path)
    if (call.span.fileOffset >= syncedEnd) return undefined
    return `${call.path} is written to at ${call.span.fileOffset}, below its synced end ${syncedEnd}`
  }
}

/** Nothing is synced in such a file, to be acknowledged, before its name is on the device. @category Tracing */
export function namesBeforeSync(isLog: PathTest): OrderRule {
  return (call, state) => {
    if (call.kind !== 'sync' || !isLog(call.path) || state.file(call.path).isNamed) return undefined
    return `${call.path} is synced before its name is`
  }
}

/**
 * The root of such a file, which lies below `rootEnd`, is written only when the rest of the file is on the device, and
 * what was handed to the logs too, unless the root was there before.
 *
 * @param besideWrites - the root is that of a state frozen earlier: what was written after the last sync of the file was
 * called is no part of it.
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

/** Rules that hold for every store. @category Tracing */
export const COMMON_RULES: readonly OrderRule[] = [renamesWholeFiles, removesAfterReplacement]
