import type { SyncFailure } from '../crash/file.js'
import type { VfsCallKind } from './layer-vfs.js'

/**
 * What goes wrong with a call.
 *
 * - `error`: it throws `errno`; a write may have done a part of its work, a rename all of it (`after`).
 * - `sync`: a sync throws, and what it was to make durable goes the way of `failure`.
 * - `flip`: one bit of what is read, or of what is written, is another one.
 * - `misdirect`: the read or write goes to another place of the file.
 * - `stale`: a write is lost, and says that it was done; a read gives what stood there before the last write.
 *
 * @category Faults
 */
export type FaultEffect =
  | { readonly kind: 'error'; readonly errno: string; readonly after?: boolean }
  | { readonly kind: 'sync'; readonly errno: string; readonly failure: SyncFailure }
  | { readonly kind: 'flip' }
  | { readonly kind: 'misdirect' }
  | { readonly kind: 'stale' }

/**
 * One fault, and when it strikes.
 *
 * @category Faults
 */
export interface Fault {
  readonly effect: FaultEffect
  /** Kinds of call that it strikes. */
  readonly calls: readonly VfsCallKind[]
  /** Files that it strikes; all, when there is none. */
  readonly path?: (path: string) => boolean
  /** It strikes the call with this number among those that it may strike, from 1 on. */
  readonly nth: number
  /** How many calls in a row it strikes. @defaultValue 1 */
  readonly times?: number
}

/** True when a fault is silent: nobody is told. @category Faults */
export function isSilent(effect: FaultEffect): boolean {
  return effect.kind !== 'error' && effect.kind !== 'sync'
}

/** True when a fault takes away what was handed to the operating system, even while the process goes on. @category Faults */
export function isLosing(effect: FaultEffect): boolean {
  return effect.kind === 'sync' && effect.failure !== 'kept'
}

const ANY_CHANGE: readonly VfsCallKind[] = [
  'open',
  'write',
  'truncate',
  'preallocate',
  'makeDirectory',
  'rename',
  'remove',
  'removeDirectory',
]
const ANY_SYNC: readonly VfsCallKind[] = ['sync', 'syncDirectory']
const ANY_LOOK: readonly VfsCallKind[] = ['read', 'open', 'status', 'list', 'length', 'lock']

/** A fault without its moment. @category Faults */
export interface FaultKind {
  readonly name: string
  readonly effect: FaultEffect
  readonly calls: readonly VfsCallKind[]
}

/** Every kind of fault that a sweep tries at every operation. @category Faults */
export const FAULT_KINDS: readonly FaultKind[] = [
  { name: 'EIO on change', effect: { kind: 'error', errno: 'EIO' }, calls: ANY_CHANGE },
  { name: 'ENOSPC on change', effect: { kind: 'error', errno: 'ENOSPC' }, calls: ANY_CHANGE },
  { name: 'EDQUOT on write', effect: { kind: 'error', errno: 'EDQUOT' }, calls: ['write', 'preallocate'] },
  { name: 'EROFS on change', effect: { kind: 'error', errno: 'EROFS' }, calls: ANY_CHANGE },
  {
    name: 'EACCES',
    effect: { kind: 'error', errno: 'EACCES' },
    calls: ['open', 'list', 'status', 'rename', 'remove'],
  },
  { name: 'EMFILE', effect: { kind: 'error', errno: 'EMFILE' }, calls: ['open', 'list'] },
  {
    name: 'ENOENT race',
    effect: { kind: 'error', errno: 'ENOENT' },
    calls: ['open', 'remove', 'rename', 'list'],
  },
  {
    name: 'EBUSY',
    effect: { kind: 'error', errno: 'EBUSY' },
    calls: ['rename', 'remove', 'removeDirectory', 'open'],
  },
  { name: 'EIO on look', effect: { kind: 'error', errno: 'EIO' }, calls: ANY_LOOK },
  {
    name: 'EIO after effect',
    effect: { kind: 'error', errno: 'EIO', after: true },
    calls: [...ANY_CHANGE, 'close'],
  },
  { name: 'close', effect: { kind: 'error', errno: 'EIO' }, calls: ['close'] },
  { name: 'sync: lost', effect: { kind: 'sync', errno: 'EIO', failure: 'lost' }, calls: ANY_SYNC },
  { name: 'sync: reverted', effect: { kind: 'sync', errno: 'EIO', failure: 'reverted' }, calls: ANY_SYNC },
  { name: 'sync: ENOSPC', effect: { kind: 'sync', errno: 'ENOSPC', failure: 'kept' }, calls: ANY_SYNC },
  { name: 'flip on read', effect: { kind: 'flip' }, calls: ['read'] },
  { name: 'flip on write', effect: { kind: 'flip' }, calls: ['write'] },
  { name: 'misdirected read', effect: { kind: 'misdirect' }, calls: ['read'] },
  { name: 'misdirected write', effect: { kind: 'misdirect' }, calls: ['write'] },
  { name: 'stale read', effect: { kind: 'stale' }, calls: ['read'] },
  { name: 'lost write', effect: { kind: 'stale' }, calls: ['write'] },
]
