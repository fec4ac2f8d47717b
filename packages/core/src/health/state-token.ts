import { corruption, equalBytes, invalidArgument, kindOf, readU64, writeU64 } from '@ldb/base'
import { SEED_ZERO, xxHash64 } from '@ldb/integrity'
import { DATABASE_ID_BYTES } from '../format.js'

/** A state of a database, as a token names it. */
export interface NamedState {
  readonly databaseId: Uint8Array
  /** Number of the newest commit. */
  readonly seq: number
  /** Generation of the catalog. */
  readonly generation: number
}

const VERSION = 1
const DATABASE_ID_AT = 1
const SEQ_AT: number = DATABASE_ID_AT + DATABASE_ID_BYTES
const GENERATION_AT: number = SEQ_AT + 8
const CHECKSUM_AT: number = GENERATION_AT + 8
const TOKEN_BYTES: number = CHECKSUM_AT + 8

/** Encodes a token, in hexadecimal digits. */
export function encodeStateToken({ databaseId, seq, generation }: NamedState): string {
  const bytes = new Uint8Array(TOKEN_BYTES)
  bytes[0] = VERSION
  bytes.set(databaseId, DATABASE_ID_AT)
  writeU64(bytes, SEQ_AT, seq)
  writeU64(bytes, GENERATION_AT, generation)
  bytes.set(checksumOf(bytes), CHECKSUM_AT)
  let token = ''
  for (const byte of bytes) token += byte.toString(16).padStart(2, '0')
  return token
}

/**
 * Decodes a token.
 *
 * @returns `undefined` for `undefined`.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 */
export function resolveMinState(token: unknown): NamedState | undefined {
  if (token === undefined) return undefined
  if (typeof token !== 'string') throw invalidArgument(`minState must be a state token, not ${kindOf(token)}`)
  const bytes = new Uint8Array(TOKEN_BYTES)
  if (token.length !== 2 * TOKEN_BYTES || /[^0-9a-f]/.test(token)) throw notToken()
  for (let at = 0; at < TOKEN_BYTES; at++) bytes[at] = parseInt(token.slice(2 * at, 2 * at + 2), 16)
  if (bytes[0] !== VERSION || !equalBytes(checksumOf(bytes), bytes.subarray(CHECKSUM_AT))) throw notToken()
  const databaseId = bytes.slice(DATABASE_ID_AT, SEQ_AT)
  return { databaseId, seq: readU64(bytes, SEQ_AT), generation: readU64(bytes, GENERATION_AT) }
}

/**
 * Refuses a state that is older than one that a token names.
 *
 * @param file - directory of the database, for the error.
 * @throws {@link LdbError} LDB_CORRUPTION.
 */
export function assertNotOlder(state: NamedState, minimum: NamedState | undefined, file: string): void {
  if (minimum === undefined) return
  if (!equalBytes(state.databaseId, minimum.databaseId)) {
    throw corruption(file, 0, 'the database is another one than minState names')
  }
  if (state.seq >= minimum.seq && state.generation >= minimum.generation) return
  throw corruption(file, 0, 'the database was rolled back to a state before minState', {
    expected: minimum.seq,
    actual: state.seq,
  })
}

function notToken(): Error {
  return invalidArgument('minState must be what stateToken has returned')
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, CHECKSUM_AT, SEED_ZERO, hash)
  return new Uint8Array(hash.buffer)
}
