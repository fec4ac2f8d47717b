import type { SyncFailure } from './sync-failure.js'
import type { VfsCallKind } from './layer-vfs.js'

/**
 * The effect of a fault on a call.
 *
 * - `error`: the call throws `errno`. A write may be partly done; with `after` the call takes full effect first.
 * - `sync`: a sync throws, and `failure` decides the fate of the unsynced changes.
 * - `flip`: one bit of the read or written bytes is flipped.
 * - `misdirect`: the read or write uses a wrong file offset.
 * - `stale`: a write is dropped but reports success; a read returns the bytes before the last write.
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
 * One fault, and the calls that it hits.
 *
 * @category Faults
 */
export interface Fault {
  readonly effect: FaultEffect
  /** Kinds of call that match. */
  readonly calls: readonly VfsCallKind[]
  /** Files that match. @defaultValue all files */
  readonly path?: (path: string) => boolean
  /** Number, from 1, of the first matching call that is hit. */
  readonly nth: number
  /** Number of consecutive matching calls that are hit. @defaultValue 1 */
  readonly times?: number
}

/** Reports whether a fault is silent: the call reports success. @category Faults */
export function isSilent(effect: FaultEffect): boolean {
  return effect.kind !== 'error' && effect.kind !== 'sync'
}

/** Reports whether a fault drops bytes already written to the operating system while the process runs on. @category Faults */
export function dropsWrites(effect: FaultEffect): boolean {
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
const ANY_READ: readonly VfsCallKind[] = ['read', 'open', 'status', 'list', 'length', 'lock']

/** A fault without its call number. @category Faults */
export interface FaultKind {
  readonly name: string
  readonly effect: FaultEffect
  readonly calls: readonly VfsCallKind[]
}

/** Every kind of fault that a sweep injects at every call. @category Faults */
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
  { name: 'EIO on read', effect: { kind: 'error', errno: 'EIO' }, calls: ANY_READ },
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
