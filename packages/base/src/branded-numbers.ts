import { assert } from './assert.js'

declare const BRAND: unique symbol
type Branded<Name extends string> = number & { readonly [BRAND]: Name }

/** Number of a page in its file; 0 stands for none. @category Numbers */
export type PageNumber = Branded<'PageNumber'>
/** Position in a log, in bytes; grows for ever, over segments. @category Numbers */
export type Lsn = Branded<'Lsn'>
/** Number of a commit; dense, the first is 1, 0 is "before any". @category Numbers */
export type Seq = Branded<'Seq'>
/** Number of a transaction, unique within one open database. @category Numbers */
export type TxId = Branded<'TxId'>

/** Makes a {@link PageNumber}; only allocators and decoders call this. @category Numbers */
export function toPageNumber(value: number): PageNumber {
  assert(Number.isSafeInteger(value) && value >= 0, 'page number must be a safe integer')
  return value as PageNumber
}

/** Makes an {@link Lsn}; only logs and decoders call this. @category Numbers */
export function toLsn(value: number): Lsn {
  assert(Number.isSafeInteger(value) && value >= 0, 'lsn must be a safe integer')
  return value as Lsn
}

/** Makes a {@link Seq}; only the commit pipeline and decoders call this. @category Numbers */
export function toSeq(value: number): Seq {
  assert(Number.isSafeInteger(value) && value >= 0, 'seq must be a safe integer')
  return value as Seq
}

/** Makes a {@link TxId}. @category Numbers */
export function toTxId(value: number): TxId {
  assert(Number.isSafeInteger(value) && value >= 0, 'transaction id must be a safe integer')
  return value as TxId
}
