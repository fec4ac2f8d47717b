import { assert, readU32, writeU32, writeU64 } from '@ldb/base'
import { FILE_ID_BYTES } from '../file-seed.js'
import {
  SUITE_XAES_256_GCM,
  UNIT_TRAILER_BYTES,
  UNIT_TRAILER_DATA_KEY_ID_OFFSET,
  UNIT_TRAILER_NONCE_OFFSET,
} from '../format.js'
import type { UnitCipher, UnitKind } from '../unit-codec.js'
import type { NoncePool } from './nonce-pool.js'
import { KEY_BYTES, NONCE_BYTES, TAG_BYTES, Xaes256Gcm } from './xaes256-gcm.js'

// Associated data of an encrypted unit: computed, not stored.
const ASSOCIATED_LABEL_OFFSET = 0
const ASSOCIATED_DATABASE_ID_OFFSET: number = ASSOCIATED_LABEL_OFFSET + 12
const ASSOCIATED_FILE_ID_OFFSET: number = ASSOCIATED_DATABASE_ID_OFFSET + 16
const ASSOCIATED_KIND_OFFSET: number = ASSOCIATED_FILE_ID_OFFSET + FILE_ID_BYTES
const ASSOCIATED_POSITION_OFFSET: number = ASSOCIATED_KIND_OFFSET + 4
const ASSOCIATED_EPOCH_OFFSET: number = ASSOCIATED_POSITION_OFFSET + 8
const ASSOCIATED_BYTES: number = ASSOCIATED_EPOCH_OFFSET + 8
/** Names the form of a unit, and the suite 1. */
const LABEL = Uint8Array.from('LDB unit 1.1', (character) => character.charCodeAt(0))
assert(LABEL.length === ASSOCIATED_DATABASE_ID_OFFSET, 'the label has 12 bytes')

/** Kinds of files, for which different keys are derived. On disk: never change. @category Encryption */
export type FilePurpose = 'catalog' | 'log' | 'tree' | 'table' | 'manifest' | 'blob' | 'backup'

/** The keys that a file cipher uses: `DataKeys` implements it. @category Encryption */
export interface FileKeys {
  readonly databaseId: Uint8Array
  /** Number of the data key that encrypts what is written. */
  readonly currentId: number
  /** Called for each unit that was decrypted, with its bytes as they are stored. */
  readonly noteDecrypted?: ((dataKeyId: number, byteCount: number) => void) | undefined
  /** Derives the key of a file from a data key; `undefined` when there is no such data key. */
  fileKey(id: number, purpose: FilePurpose, fileId: Uint8Array): Uint8Array | undefined
}

const version = new Uint8Array(8)

/**
 * Encrypts the units of one file with XAES-256-GCM, each with a random nonce.
 *
 * @remarks There is no counter: a crash, a copy or a restored file cannot bring a nonce back.
 * @category Encryption
 */
export class FileCipher implements UnitCipher {
  readonly suite: number = SUITE_XAES_256_GCM
  readonly trailerBytes: number = UNIT_TRAILER_BYTES
  readonly #keys: FileKeys
  readonly #nonces: NoncePool
  readonly #purpose: FilePurpose
  readonly #fileId: Uint8Array
  readonly #associated: Uint8Array
  /** The data key that was used last, and the cipher of the file with it. */
  #dataKeyId = 0
  #cipher: Xaes256Gcm | undefined = undefined
  /** Ciphers with the other data keys. */
  readonly #others: Map<number, Xaes256Gcm> = new Map()

  /** @internal */
  constructor(keys: FileKeys, nonces: NoncePool, purpose: FilePurpose, fileId: Uint8Array) {
    assert(fileId.length === FILE_ID_BYTES, 'a file id has 16 bytes')
    this.#keys = keys
    this.#nonces = nonces
    this.#purpose = purpose
    this.#fileId = fileId.slice()
    this.#associated = new Uint8Array(ASSOCIATED_BYTES)
    this.#associated.set(LABEL, ASSOCIATED_LABEL_OFFSET)
    this.#associated.set(keys.databaseId, ASSOCIATED_DATABASE_ID_OFFSET)
    this.#associated.set(fileId, ASSOCIATED_FILE_ID_OFFSET)
  }

  createVersion(target: Int32Array): void {
    this.#nonces.take(version, 0, version.length)
    target[0] = readU32(version, 0)
    target[1] = readU32(version, 4)
  }

  encrypt(
    kind: UnitKind,
    position: number,
    epoch: number,
    source: Uint8Array,
    start: number,
    byteCount: number,
    target: Uint8Array,
    targetStart: number,
  ): void {
    const dataKeyId = this.#keys.currentId
    const cipher = this.#cipherOf(dataKeyId)
    assert(cipher !== undefined, 'the current data key is known')
    const contentBytes = byteCount - UNIT_TRAILER_BYTES
    const trailer = targetStart + contentBytes
    const nonce = new Uint8Array(NONCE_BYTES)
    this.#nonces.take(nonce, 0, NONCE_BYTES)
    this.#bind(kind, position, epoch)
    cipher.seal(nonce, this.#associated, source.subarray(start, start + contentBytes), target, targetStart)
    target.set(nonce, trailer + UNIT_TRAILER_NONCE_OFFSET)
    writeU32(target, trailer + UNIT_TRAILER_DATA_KEY_ID_OFFSET, dataKeyId)
  }

  decrypt(
    kind: UnitKind,
    position: number,
    epoch: number,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
  ): boolean {
    const trailer = start + byteCount - UNIT_TRAILER_BYTES
    const cipher = this.#cipherOf(readU32(bytes, trailer + UNIT_TRAILER_DATA_KEY_ID_OFFSET))
    if (cipher === undefined) return false
    const nonceStart = trailer + UNIT_TRAILER_NONCE_OFFSET
    this.#bind(kind, position, epoch)
    const plain = cipher.open(
      bytes.subarray(nonceStart, nonceStart + NONCE_BYTES),
      this.#associated,
      bytes.subarray(start, trailer + TAG_BYTES),
    )
    if (plain === undefined) return false
    bytes.set(plain, start)
    this.#keys.noteDecrypted?.(this.#dataKeyId, byteCount)
    return true
  }

  #bind(kind: UnitKind, position: number, epoch: number): void {
    writeU32(this.#associated, ASSOCIATED_KIND_OFFSET, kind)
    writeU64(this.#associated, ASSOCIATED_POSITION_OFFSET, position)
    writeU64(this.#associated, ASSOCIATED_EPOCH_OFFSET, epoch)
  }

  /** Returns the cipher of this file with a data key; `undefined` when there is no such key. */
  #cipherOf(dataKeyId: number): Xaes256Gcm | undefined {
    if (dataKeyId === this.#dataKeyId) return this.#cipher
    let cipher = this.#others.get(dataKeyId)
    if (cipher === undefined) {
      const key = this.#keys.fileKey(dataKeyId, this.#purpose, this.#fileId)
      if (key === undefined) return undefined
      assert(key.length === KEY_BYTES, 'a file key has 32 bytes')
      cipher = new Xaes256Gcm(key)
      this.#others.set(dataKeyId, cipher)
    }
    this.#dataKeyId = dataKeyId
    this.#cipher = cipher
    return cipher
  }
}
