import { assert } from './assert.js'

declare const BRAND: unique symbol
type Branded<Name extends string> = number & { readonly [BRAND]: Name }

/** Page number within a file; 0 means no page. @category Numbers */
export type PageNumber = Branded<'PageNumber'>
/** Log sequence number: a byte position in a log, which increases across segments. @category Numbers */
export type Lsn = Branded<'Lsn'>
/** Commit sequence number; consecutive from 1, and 0 means before the first commit. @category Numbers */
export type Seq = Branded<'Seq'>
/** Transaction id, unique within one open database. @category Numbers */
export type TxId = Branded<'TxId'>

/** Converts a safe integer from 0 to a {@link PageNumber}; for allocators and decoders only. @category Numbers */
export function toPageNumber(value: number): PageNumber {
  assert(Number.isSafeInteger(value) && value >= 0, 'page number must be a safe integer')
  return value as PageNumber
}

/** Converts a safe integer from 0 to an {@link Lsn}; for logs and decoders only. @category Numbers */
export function toLsn(value: number): Lsn {
  assert(Number.isSafeInteger(value) && value >= 0, 'lsn must be a safe integer')
  return value as Lsn
}

/** Converts a safe integer from 0 to a {@link Seq}; for the commit pipeline and decoders only. @category Numbers */
export function toSeq(value: number): Seq {
  assert(Number.isSafeInteger(value) && value >= 0, 'seq must be a safe integer')
  return value as Seq
}

/** Converts a safe integer from 0 to a {@link TxId}. @category Numbers */
export function toTxId(value: number): TxId {
  assert(Number.isSafeInteger(value) && value >= 0, 'transaction id must be a safe integer')
  return value as TxId
}
