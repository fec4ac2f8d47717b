// Data keys and encrypted units: "Unit trailer" of FORMAT.md of packages/integrity.
import { hkdfSync } from 'node:crypto'
import { ByteView, concatBytes } from '../bytes/byte-view.js'
import { FormatError, requireSound } from '../bytes/format-error.js'
import { openXaes256Gcm } from './xaes256-gcm.js'

export const UNIT_TRAILER_BYTES = 44
const NONCE_OFFSET = 16
const DATA_KEY_ID_OFFSET = 40

/** Kinds of units. */
export const UNIT_KINDS = {
  logRecord: 2,
  catalog: 4,
  metaBlock: 5,
  page: 6,
  overflowExtent: 7,
  freeSpacePage: 8,
  block: 9,
  filter: 10,
  manifestRecord: 11,
  blob: 12,
} as const

/** Sorts of files, for which other keys are derived. */
export type FilePurpose = 'catalog' | 'log' | 'tree' | 'table' | 'manifest' | 'blob' | 'backup'

/** Returns bytes that HKDF-SHA256 derives. */
export function hkdfSha256(key: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, info, 32))
}

/** The data keys of a database. */
export class DataKeys {
  readonly databaseId: Uint8Array
  readonly currentId: number
  /** Number of the key file. */
  readonly generation: number
  /** Numbers of the data keys of the units that were opened. */
  readonly usedIds = new Set<number>()
  readonly #keys: ReadonlyMap<number, Uint8Array>

  constructor(
    databaseId: Uint8Array,
    keys: ReadonlyMap<number, Uint8Array>,
    { currentId, generation }: { readonly currentId: number; readonly generation: number },
  ) {
    this.databaseId = databaseId
    this.#keys = keys
    this.currentId = currentId
    this.generation = generation
  }

  /** Numbers of the data keys. */
  get ids(): number[] {
    return [...this.#keys.keys()]
  }

  cipherOf(purpose: FilePurpose, fileId: Uint8Array): FileCipher {
    return new FileCipher(this, purpose, fileId)
  }

  /** Returns the key of a file; `undefined` without the data key. */
  fileKey(dataKeyId: number, purpose: FilePurpose, fileId: Uint8Array): Uint8Array | undefined {
    const dataKey = this.#keys.get(dataKeyId)
    if (dataKey === undefined) return undefined
    const info = concatBytes(asciiOf(`LDB file key 1 ${purpose}\0`), fileId)
    return hkdfSha256(dataKey, this.databaseId, info)
  }
}

/** Decrypts the units of one file. */
export class FileCipher {
  readonly #keys: DataKeys
  readonly #purpose: FilePurpose
  readonly #fileId: Uint8Array

  constructor(keys: DataKeys, purpose: FilePurpose, fileId: Uint8Array) {
    this.#keys = keys
    this.#purpose = purpose
    this.#fileId = fileId
  }

  /** Returns the content of a unit, its trailer included. One that does not authenticate is LDB_CORRUPTION. */
  open(kind: number, position: number, epoch: number | bigint, stored: Uint8Array): Uint8Array {
    const name = `unit of kind ${kind} at ${position}`
    requireSound(stored.length >= UNIT_TRAILER_BYTES, `a ${name} is shorter than its trailer`)
    const trailerAt = stored.length - UNIT_TRAILER_BYTES
    const trailer = new ByteView(stored.subarray(trailerAt))
    const dataKeyId = trailer.u32(DATA_KEY_ID_OFFSET)
    const key = this.#keys.fileKey(dataKeyId, this.#purpose, this.#fileId)
    requireSound(key !== undefined, `a ${name} is under the unknown data key ${dataKeyId}`)
    const bound = new DataView(new ArrayBuffer(20))
    bound.setUint32(0, kind, true)
    bound.setBigUint64(4, BigInt(position), true)
    bound.setBigUint64(12, BigInt(epoch), true)
    const plain = openXaes256Gcm(
      key,
      trailer.slice(NONCE_OFFSET, DATA_KEY_ID_OFFSET),
      concatBytes(asciiOf('LDB unit 1.1'), this.#keys.databaseId, this.#fileId, new Uint8Array(bound.buffer)),
      stored.subarray(0, trailerAt + NONCE_OFFSET),
    )
    requireSound(plain !== undefined, `a ${name} does not authenticate`)
    this.#keys.usedIds.add(dataKeyId)
    return plain
  }

  /** Returns a unit with its content in place of the ciphertext; the trailer stays. */
  opened(kind: number, position: number, epoch: number | bigint, stored: Uint8Array): Uint8Array {
    const plain = this.open(kind, position, epoch, stored)
    return concatBytes(plain, stored.subarray(plain.length))
  }
}

/** Requires that a file is encrypted exactly when there are keys. */
export function requireSort(isEncrypted: boolean, keys: DataKeys | undefined, name: string): void {
  if (isEncrypted === (keys !== undefined)) return
  throw new FormatError('LDB_KEY', `${name} is ${isEncrypted ? 'encrypted' : 'not encrypted'}`)
}

export function asciiOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}
