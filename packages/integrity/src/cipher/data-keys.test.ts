import { randomFillSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { UnitKind } from '../unit-codec.js'
import { DataKeys } from './data-keys.js'
import type { FileCipher, FilePurpose } from './file-cipher.js'

const ID = new Uint8Array(16).fill(3)

const random = { fill: (target: Uint8Array) => randomFillSync(target) }

function keysOf(databaseByte = 5, keyByte = 1): DataKeys {
  const keys = new DataKeys(new Uint8Array(16).fill(databaseByte), random)
  keys.add(1, new Uint8Array(32).fill(keyByte))
  keys.use(1)
  return keys
}

function sealed(cipher: FileCipher): Uint8Array {
  const bytes = new Uint8Array(100 + cipher.trailerBytes).fill(9, 0, 100)
  cipher.encrypt(UnitKind.Page, 4096, 7, bytes, 0, bytes.length, bytes, 0)
  return bytes
}

const opens = (
  cipher: FileCipher,
  bytes: Uint8Array,
  kind: UnitKind = UnitKind.Page,
  position = 4096,
  epoch = 7,
): boolean => {
  const copy = bytes.slice()
  return (
    cipher.decrypt(kind, position, epoch, copy, 0, copy.length) &&
    copy.subarray(0, 100).every((byte) => byte === 9)
  )
}

test('a unit is bound to its kind, position, epoch, file, purpose, database and key', () => {
  const keys = keysOf()
  const unit = sealed(keys.cipherOf('tree', ID))
  expect(opens(keys.cipherOf('tree', ID), unit)).toBe(true)
  expect(opens(keys.cipherOf('tree', ID), unit, UnitKind.FreeSpacePage)).toBe(false)
  expect(opens(keys.cipherOf('tree', ID), unit, UnitKind.Page, 8192)).toBe(false)
  expect(opens(keys.cipherOf('tree', ID), unit, UnitKind.Page, 4096, 8)).toBe(false)
  expect(
    opens(
      keys.cipherOf(
        'tree',
        ID.map((byte) => byte + 1),
      ),
      unit,
    ),
  ).toBe(false)
  for (const purpose of ['catalog', 'log', 'table', 'manifest', 'blob'] satisfies FilePurpose[]) {
    expect(opens(keys.cipherOf(purpose, ID), unit)).toBe(false)
  }
  expect(opens(keysOf(6).cipherOf('tree', ID), unit)).toBe(false)
  expect(opens(keysOf(5, 2).cipherOf('tree', ID), unit)).toBe(false)
})

test('a unit names its data key: old units stay readable, unknown keys are refused', () => {
  const keys = keysOf()
  const cipher = keys.cipherOf('tree', ID)
  const before = sealed(cipher)
  keys.add(9, new Uint8Array(32).fill(2))
  expect(sealed(cipher).subarray(140)).toEqual(Uint8Array.of(1, 0, 0, 0))
  keys.use(9)
  const after = sealed(cipher)
  expect(after.subarray(140)).toEqual(Uint8Array.of(9, 0, 0, 0))
  for (const unit of [before, after, before]) expect(opens(cipher, unit)).toBe(true)
  expect(opens(keysOf().cipherOf('tree', ID), after)).toBe(false)
  const copy = DataKeys.import(structuredClone(keys.export()), random)
  expect([copy.currentId, copy.ids]).toEqual([9, [1, 9]])
  expect(opens(copy.cipherOf('tree', ID), after)).toBe(true)
})

test('every write has another nonce and another ciphertext', () => {
  const cipher = keysOf().cipherOf('log', ID)
  const units = Array.from({ length: 200 }, () => Buffer.from(sealed(cipher)).toString('hex'))
  expect(new Set(units.map((unit) => unit.slice(232, 280))).size).toBe(200)
  expect(new Set(units.map((unit) => unit.slice(0, 200))).size).toBe(200)
})
