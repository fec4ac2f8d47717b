import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LOCK_BYTES_MAX } from '../format.js'
import { decodeLockRecord, encodeLockRecord } from './record.js'
import type { LockRecord } from './record.js'

const RECORD: LockRecord = {
  pid: 4711,
  start: '261151',
  boot: '6e55b340-df60-45f9-b45e-0cdcb918ec8f',
  host: 'ada.example',
  pidns: 'pid:[4026531836]',
  netns: 'net:[4026531833]',
  socket: 'ldb-2e51785b66aa8fa9d6f8860bba89e12a',
  token: '0b6d69196da9b24b45bac1fee8f69b34',
}

describe('a lock record', () => {
  it('decodes to the encoded record', () => {
    const text = fc.stringMatching(/^[!-~]{1,255}$/)
    const records = fc.record({
      pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      start: text,
      boot: text,
      host: text,
      pidns: text,
      netns: text,
      socket: text,
      token: fc.stringMatching(/^[0-9a-f]{32}$/),
    })
    fc.assert(
      fc.property(records, (record) => {
        const encoded = encodeLockRecord(record)
        expect(encoded.length).toBeLessThanOrEqual(LOCK_BYTES_MAX)
        expect(decodeLockRecord(encoded)).toEqual(record)
      }),
    )
  })

  it('replaces characters that a field cannot contain', () => {
    const text = encodeLockRecord({ ...RECORD, host: 'a b\nc\u{e9}', boot: '' })
    expect(decodeLockRecord(text)).toMatchObject({ host: 'a?b?c?', boot: '-' })
  })

  it('is refused when truncated at any byte, or longer', () => {
    const text = encodeLockRecord(RECORD)
    for (let length = 0; length < text.length; length++)
      expect(decodeLockRecord(text.slice(0, length))).toBeUndefined()
    expect(decodeLockRecord(`${text}\n`)).toBeUndefined()
    expect(decodeLockRecord(text + text)).toBeUndefined()
  })

  it('is refused with any bit flipped', () => {
    const text = encodeLockRecord(RECORD)
    for (let index = 0; index < text.length; index++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = String.fromCharCode(text.charCodeAt(index) ^ (1 << bit))
        expect(decodeLockRecord(text.slice(0, index) + flipped + text.slice(index + 1))).toBeUndefined()
      }
    }
  })
})
