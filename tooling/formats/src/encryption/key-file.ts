// The key file: "Key file" of FORMAT.md of packages/core.
import { scryptSync } from 'node:crypto'
import { ByteView, compareBytes, concatBytes } from '../bytes/byte-view.js'
import { readFileHeader } from '../bytes/file-header.js'
import { FormatError, requireKnown, requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { asciiOf, DataKeys, hkdfSha256 } from './data-keys.js'
import { openXaes256Gcm } from './xaes256-gcm.js'

const SLOT_BYTES = 8192
const ENTRIES_OFFSET = 152
const ENTRY_BYTES = 40
const KEY_BYTES = 32
const TAG_BYTES = 16
const KEY_COUNT_MAX = 64

/** What opens a database. */
export type Secret = { readonly key: Uint8Array } | { readonly passphrase: string }

/** Reads the file `KEYS`. */
export function readKeyFile(bytes: Uint8Array, secret: Secret): DataKeys {
  const slot = firstIntactSlot(bytes)
  const databaseId = slot.slice(24, 40)
  requireKnown(slot.u8(48) === 1, 'suite of a key file')
  requireKnown(slot.u8(49) === 1 || slot.u8(49) === 2, 'derivation of a key file')
  requireKnown(slot.u8(55) === 0 && slot.u32(60) === 0, 'reserved fields of a key file')
  const keyCount = slot.u16(50)
  requireSound(keyCount >= 1 && keyCount <= KEY_COUNT_MAX, 'number of data keys')
  const master = masterKeyOf(slot, secret)
  const check = hkdfSha256(master, databaseId, asciiOf('LDB master key check 1'))
  if (compareBytes(check, slot.slice(96, 128)) !== 0) {
    throw new FormatError('LDB_KEY', 'the secret is not that of the database')
  }
  const sealedAt = ENTRIES_OFFSET + keyCount * ENTRY_BYTES
  const sealedEnd = sealedAt + keyCount * KEY_BYTES + TAG_BYTES
  const plain = openXaes256Gcm(
    master,
    slot.slice(128, 152),
    slot.slice(0, sealedAt),
    slot.slice(sealedAt, sealedEnd),
  )
  requireSound(plain !== undefined, 'the data keys do not authenticate')
  requireSound(slot.isZero(sealedEnd, SLOT_BYTES - 8), 'bytes behind the data keys')
  const keys = new Map<number, Uint8Array>()
  let lastId = 0
  for (let index = 0; index < keyCount; index += 1) {
    const entry = new ByteView(slot.slice(ENTRIES_OFFSET + index * ENTRY_BYTES, sealedAt))
    const id = entry.u32(0)
    const key = plain.slice(index * KEY_BYTES, (index + 1) * KEY_BYTES)
    requireSound(id > lastId && entry.u32(4) === 0, 'order of the data keys')
    const info = concatBytes(asciiOf('LDB data key commitment 1'), entry.slice(0, 4))
    const isCommitted = compareBytes(hkdfSha256(key, databaseId, info), entry.slice(8, 40)) === 0
    requireSound(isCommitted, `commitment of data key ${id}`)
    keys.set(id, key)
    lastId = id
  }
  const currentId = slot.u32(56)
  requireSound(keys.has(currentId), 'the current data key is missing')
  return new DataKeys(databaseId, keys, { currentId, generation: slot.u64(40) })
}

function firstIntactSlot(bytes: Uint8Array): ByteView {
  for (const start of [0, SLOT_BYTES]) {
    const view = new ByteView(bytes.subarray(start, start + SLOT_BYTES))
    try {
      const { flags } = readFileHeader(view, 'K', 1)
      const sum = view.checksum(SLOT_BYTES - 8)
      if (flags === 0 && sum === xxHash64(view.slice(0, SLOT_BYTES - 8), 0n)) return view
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
    }
  }
  requireSound(false, 'both slots of the key file are damaged')
}

function masterKeyOf(slot: ByteView, secret: Secret): Uint8Array {
  const salt = slot.slice(64, 96)
  const info = asciiOf('LDB master key 1')
  const [cost, r, p] = [slot.u8(52), slot.u8(53), slot.u8(54)]
  const hasKey = slot.u8(49) === 1
  if (hasKey) requireSound(cost === 0 && r === 0 && p === 0, 'parameters of scrypt beside a key')
  else requireSound(cost >= 10 && cost <= 18 && r === 8 && p === 1, 'parameters of scrypt')
  if (hasKey !== 'key' in secret) throw new FormatError('LDB_KEY', 'a secret of another sort')
  if ('key' in secret) return hkdfSha256(secret.key, salt, info)
  const N = 2 ** cost
  const text = secret.passphrase.normalize('NFKC')
  const stretched = scryptSync(text, salt, KEY_BYTES, { N, r, p, maxmem: 256 * N * r })
  return hkdfSha256(stretched, salt, info)
}
