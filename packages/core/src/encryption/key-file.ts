import {
  assert,
  corruption,
  equalBytes,
  LdbError,
  readCheckedU64,
  readU16,
  readU32,
  writeU16,
  writeU32,
  writeU64,
} from '@ldb/base'
import {
  decodeFileHeader,
  encodeFileHeader,
  KEY_BYTES,
  NONCE_BYTES,
  SEED_ZERO,
  SUITE_XAES_256_GCM,
  TAG_BYTES,
  Xaes256Gcm,
  xxHash64,
} from '@ldb/integrity'
import type { RandomBytes } from '@ldb/integrity'
import {
  DATA_KEYS_MAX,
  KEY_ENTRY_BYTES,
  KEY_ENTRY_OFFSET_COMMITMENT,
  KEY_ENTRY_OFFSET_ID,
  KEY_ENTRY_OFFSET_RESERVED,
  KeyDerivation,
  KEYS_FORMAT,
  KEYS_KIND,
  KEYS_OFFSET_BLOCK_SIZE,
  KEYS_OFFSET_CHECKSUM,
  KEYS_OFFSET_COST,
  KEYS_OFFSET_CURRENT_ID,
  KEYS_OFFSET_DATABASE_ID,
  KEYS_OFFSET_DERIVATION,
  KEYS_OFFSET_ENTRIES,
  KEYS_OFFSET_GENERATION,
  KEYS_OFFSET_KEY_COUNT,
  KEYS_OFFSET_MASTER_CHECK,
  KEYS_OFFSET_NONCE,
  KEYS_OFFSET_PARALLELIZATION,
  KEYS_OFFSET_RESERVED,
  KEYS_OFFSET_RESERVED2,
  KEYS_OFFSET_SALT,
  KEYS_OFFSET_SUITE,
  KEYS_SLOT_BYTES,
  SCRYPT_BLOCK_SIZE,
  SCRYPT_COST_MAX,
  SCRYPT_COST_MIN,
  SCRYPT_PARALLELIZATION,
} from '../format.js'
import { commitmentOf, deriveMasterKey, masterCheckOf } from './derivation.js'
import type { Secret } from './secret.js'

/** A data key and its number. */
export interface NumberedKey {
  readonly id: number
  readonly key: Uint8Array
}

/** The data keys that a key file holds. */
export interface KeyFileContent {
  readonly databaseId: Uint8Array
  /** 1 at creation, one more with each replacement. */
  readonly generation: number
  readonly currentId: number
  readonly keys: readonly NumberedKey[]
}

/** What wraps the data keys of a key file: derived from a secret, and the same until another secret replaces it. */
export interface KeyWrapping {
  readonly masterKey: Uint8Array
  readonly salt: Uint8Array
  /** Binary logarithm of the cost of scrypt; `undefined` when the secret is a key. */
  readonly cost: number | undefined
}

/** A decoded key file. */
export interface OpenedKeyFile {
  readonly content: KeyFileContent
  readonly wrapping: KeyWrapping
}

/** Derives the wrapping of a secret, with a random salt. */
export function createWrapping(secret: Secret, random: RandomBytes): KeyWrapping {
  const salt = random.fill(new Uint8Array(KEY_BYTES))
  const cost = secret.kind === 'key' ? undefined : secret.cost
  return { masterKey: deriveMasterKey(secret.bytes, salt, cost), salt, cost }
}

const KNOWN = { kind: KEYS_KIND, format: KEYS_FORMAT, minimumReader: KEYS_FORMAT, flags: 0 }

/** Encodes a key file: two equal slots, in which the master key of a secret wraps the data keys. */
export function encodeKeyFile(
  content: KeyFileContent,
  { masterKey, salt, cost }: KeyWrapping,
  random: RandomBytes,
): Uint8Array {
  const { keys } = content
  assert(keys.length > 0 && keys.length <= DATA_KEYS_MAX, 'a key file has 1 to 64 data keys')
  const slot = new Uint8Array(KEYS_SLOT_BYTES)
  slot.set(encodeFileHeader(KNOWN))
  slot.set(content.databaseId, KEYS_OFFSET_DATABASE_ID)
  writeU64(slot, KEYS_OFFSET_GENERATION, content.generation)
  slot[KEYS_OFFSET_SUITE] = SUITE_XAES_256_GCM
  writeU16(slot, KEYS_OFFSET_KEY_COUNT, keys.length)
  writeU32(slot, KEYS_OFFSET_CURRENT_ID, content.currentId)
  slot.set(salt, KEYS_OFFSET_SALT)
  slot[KEYS_OFFSET_DERIVATION] = cost === undefined ? KeyDerivation.Key : KeyDerivation.Passphrase
  if (cost !== undefined) {
    slot[KEYS_OFFSET_COST] = cost
    slot[KEYS_OFFSET_BLOCK_SIZE] = SCRYPT_BLOCK_SIZE
    slot[KEYS_OFFSET_PARALLELIZATION] = SCRYPT_PARALLELIZATION
  }
  slot.set(masterCheckOf(masterKey, content.databaseId), KEYS_OFFSET_MASTER_CHECK)
  const nonce = random.fill(slot.subarray(KEYS_OFFSET_NONCE, KEYS_OFFSET_NONCE + NONCE_BYTES))
  const plain = new Uint8Array(keys.length * KEY_BYTES)
  for (const [index, { id, key }] of keys.entries()) {
    const entry = KEYS_OFFSET_ENTRIES + index * KEY_ENTRY_BYTES
    writeU32(slot, entry + KEY_ENTRY_OFFSET_ID, id)
    slot.set(commitmentOf(key, id, content.databaseId), entry + KEY_ENTRY_OFFSET_COMMITMENT)
    plain.set(key, index * KEY_BYTES)
  }
  const sealedStart = KEYS_OFFSET_ENTRIES + keys.length * KEY_ENTRY_BYTES
  new Xaes256Gcm(masterKey).seal(nonce, slot.slice(0, sealedStart), plain, slot, sealedStart)
  slot.set(checksumOf(slot), KEYS_OFFSET_CHECKSUM)
  const bytes = new Uint8Array(2 * KEYS_SLOT_BYTES)
  bytes.set(slot)
  bytes.set(slot, KEYS_SLOT_BYTES)
  return bytes
}

/**
 * Decodes a key file with a secret.
 *
 * @throws {@link LdbError} LDB_KEY for a wrong secret; LDB_CORRUPTION when both slots are damaged, or were changed; LDB_FORMAT.
 */
export function decodeKeyFile(bytes: Uint8Array, secret: Secret, file: string): OpenedKeyFile {
  const slot = intactSlot(bytes, file)
  const cost = checkedCost(slot, file)
  checkKind(cost === undefined ? 'key' : 'passphrase', secret, file)
  const salt = saltOf(slot)
  const wrapping = { masterKey: deriveMasterKey(secret.bytes, salt, cost), salt, cost }
  const databaseId = slot.slice(KEYS_OFFSET_DATABASE_ID, KEYS_OFFSET_GENERATION)
  const check = slot.subarray(KEYS_OFFSET_MASTER_CHECK, KEYS_OFFSET_NONCE)
  if (!equalBytes(masterCheckOf(wrapping.masterKey, databaseId), check)) {
    throw new LdbError('LDB_KEY', `the ${secret.kind} is not that of the database`, { details: { file } })
  }
  return { content: openSlot(slot, wrapping, file), wrapping }
}

/**
 * Decodes a key file with a wrapping.
 *
 * @returns `undefined` when the file has another one.
 * @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT.
 */
export function unwrapKeyFile(
  bytes: Uint8Array,
  wrapping: KeyWrapping,
  file: string,
): KeyFileContent | undefined {
  const slot = intactSlot(bytes, file)
  checkedCost(slot, file)
  return equalBytes(saltOf(slot), wrapping.salt) ? openSlot(slot, wrapping, file) : undefined
}

/** Returns the numbers of the data keys in a key file, which are plain. @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT. */
export function dataKeyIdsOf(bytes: Uint8Array, file: string): number[] {
  const slot = intactSlot(bytes, file)
  const ids: number[] = []
  for (let index = 0; index < keyCountOf(slot, file); index++) {
    ids.push(readU32(slot, KEYS_OFFSET_ENTRIES + index * KEY_ENTRY_BYTES + KEY_ENTRY_OFFSET_ID))
  }
  return ids
}

function saltOf(slot: Uint8Array): Uint8Array {
  return slot.slice(KEYS_OFFSET_SALT, KEYS_OFFSET_MASTER_CHECK)
}

function keyCountOf(slot: Uint8Array, file: string): number {
  const keyCount = readU16(slot, KEYS_OFFSET_KEY_COUNT)
  if (keyCount > 0 && keyCount <= DATA_KEYS_MAX) return keyCount
  throw corruption(file, KEYS_OFFSET_KEY_COUNT, 'the key file has an invalid number of data keys')
}

/** Reports whether a slot has its whole length, and matches its checksum. */
export function isIntactSlot(slot: Uint8Array): boolean {
  return slot.length === KEYS_SLOT_BYTES && equalBytes(slot.subarray(KEYS_OFFSET_CHECKSUM), checksumOf(slot))
}

/** Returns the first slot that is intact. */
function intactSlot(bytes: Uint8Array, file: string): Uint8Array {
  let fault: unknown
  for (const start of [0, KEYS_SLOT_BYTES]) {
    const slot = bytes.subarray(start, start + KEYS_SLOT_BYTES)
    try {
      decodeFileHeader(slot, { file, kind: KEYS_KIND, format: KEYS_FORMAT })
      if (isIntactSlot(slot)) return slot
      fault ??= corruption(file, start, 'a slot of the key file does not match its checksum')
    } catch (error) {
      fault ??= error
    }
  }
  throw corruption(file, 0, 'both slots of the key file are damaged', { cause: fault })
}

function openSlot(slot: Uint8Array, { masterKey }: KeyWrapping, file: string): KeyFileContent {
  const databaseId = slot.slice(KEYS_OFFSET_DATABASE_ID, KEYS_OFFSET_GENERATION)
  const keyCount = keyCountOf(slot, file)
  const sealedStart = KEYS_OFFSET_ENTRIES + keyCount * KEY_ENTRY_BYTES
  const plain = new Xaes256Gcm(masterKey).open(
    slot.subarray(KEYS_OFFSET_NONCE, KEYS_OFFSET_ENTRIES),
    slot.subarray(0, sealedStart),
    slot.subarray(sealedStart, sealedStart + keyCount * KEY_BYTES + TAG_BYTES),
  )
  if (plain === undefined) throw corruption(file, sealedStart, 'the data keys of the key file were changed')
  const keys: NumberedKey[] = []
  for (let index = 0; index < keyCount; index++) {
    const entry = KEYS_OFFSET_ENTRIES + index * KEY_ENTRY_BYTES
    const id = readU32(slot, entry + KEY_ENTRY_OFFSET_ID)
    const key = plain.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES)
    const commitment = slot.subarray(entry + KEY_ENTRY_OFFSET_COMMITMENT, entry + KEY_ENTRY_BYTES)
    const isKnown = id <= (keys.at(-1)?.id ?? 0) || readU32(slot, entry + KEY_ENTRY_OFFSET_RESERVED) !== 0
    if (isKnown || !equalBytes(commitmentOf(key, id, databaseId), commitment)) {
      throw corruption(file, entry, 'a data key of the key file does not match its commitment')
    }
    keys.push({ id, key })
  }
  const currentId = readU32(slot, KEYS_OFFSET_CURRENT_ID)
  if (!keys.some(({ id }) => id === currentId)) {
    throw corruption(file, KEYS_OFFSET_CURRENT_ID, 'the key file lacks its current data key')
  }
  const generation = readCheckedU64(slot, KEYS_OFFSET_GENERATION, file, KEYS_OFFSET_GENERATION)
  return { databaseId, generation, currentId, keys }
}

/**
 * Returns the logarithm of the cost of scrypt; `undefined` where the secret is a key. The parameters are within bounds before scrypt
 * takes memory.
 */
function checkedCost(slot: Uint8Array, file: string): number | undefined {
  const [suite, derivation, cost] = [
    slot[KEYS_OFFSET_SUITE],
    slot[KEYS_OFFSET_DERIVATION],
    slot[KEYS_OFFSET_COST],
  ]
  const isKey = derivation === KeyDerivation.Key
  const isKnown =
    suite === SUITE_XAES_256_GCM &&
    (isKey || derivation === KeyDerivation.Passphrase) &&
    slot[KEYS_OFFSET_RESERVED] === 0 &&
    readU32(slot, KEYS_OFFSET_RESERVED2) === 0
  if (!isKnown || cost === undefined) {
    throw new LdbError('LDB_FORMAT', `the key file has a form that this build does not read (${file})`, {
      details: { file, offset: KEYS_OFFSET_SUITE },
    })
  }
  if (isKey) return undefined
  const isWithin =
    cost >= SCRYPT_COST_MIN &&
    cost <= SCRYPT_COST_MAX &&
    slot[KEYS_OFFSET_BLOCK_SIZE] === SCRYPT_BLOCK_SIZE &&
    slot[KEYS_OFFSET_PARALLELIZATION] === SCRYPT_PARALLELIZATION
  if (isWithin) return cost
  throw corruption(file, KEYS_OFFSET_COST, 'the parameters of scrypt are out of bounds')
}

function checkKind(kind: Secret['kind'], secret: Secret, file: string): void {
  if (secret.kind === kind) return
  throw new LdbError('LDB_KEY', `the database is opened with a ${kind}, not with a ${secret.kind}`, {
    details: { file },
  })
}

function checksumOf(slot: Uint8Array): Uint8Array {
  const hash = new Int32Array(2)
  xxHash64(slot, 0, KEYS_OFFSET_CHECKSUM, SEED_ZERO, hash)
  return new Uint8Array(hash.buffer)
}

/**
 * Returns a key file with the data keys of two key files of a database: one of them as it is where it has all.
 *
 * @param newer - is preferred.
 * @throws {@link LdbError} LDB_KEY when a secret does not open one whose data keys are needed; LDB_CORRUPTION, LDB_FORMAT.
 */
export function joinedKeyFile(
  older: Uint8Array,
  newer: Uint8Array,
  secret: Secret,
  random: RandomBytes,
  file: string,
): Uint8Array {
  const [olderIds, newerIds] = [dataKeyIdsOf(older, file), dataKeyIdsOf(newer, file)]
  const known = new Set(newerIds)
  if (olderIds.every((id) => known.has(id))) return newer
  // The archive was behind when the backup was made.
  if (newerIds.every((id) => olderIds.includes(id))) return older
  const { content, wrapping } = decodeKeyFile(newer, secret, file)
  const others = decodeKeyFile(older, secret, file).content.keys.filter(({ id }) => !known.has(id))
  const keys = [...others, ...content.keys].sort((left, right) => left.id - right.id)
  if (keys.length <= DATA_KEYS_MAX) return encodeKeyFile({ ...content, keys }, wrapping, random)
  throw new LdbError('LDB_TOO_LARGE', `the backup and its archive have too many data keys (${file})`)
}
