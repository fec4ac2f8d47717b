import { readFileSync } from 'node:fs'
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
  directory: '65024:2148321',
  filesystem: 'ef53',
  kernel: 'flock',
  mode: 'exclusive',
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
      directory: fc.stringMatching(/^([0-9]{1,20}:[0-9]{1,20}|-)$/),
      filesystem: text,
      kernel: fc.constantFrom('flock' as const, '-' as const),
      mode: fc.constantFrom('exclusive' as const, 'shared' as const, '-' as const),
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

  it.each([
    ['directory', '65024'],
    ['directory', 'a:b'],
    ['kernel', 'posix'],
    ['mode', 'upgradable'],
    ['token', '0B6D69196DA9B24B45BAC1FEE8F69B34'],
    ['pid', '0'],
  ])('is refused with the %s %s', (field, value) => {
    const text = encodeLockRecord(RECORD).replace(new RegExp(`^${field} .*$`, 'm'), `${field} ${value}`)
    expect(decodeLockRecord(withCheck(text))).toBeUndefined()
  })

  it.each([
    ['v1', { kernel: '-', mode: '-', directory: '-' }],
    ['v2', { kernel: 'flock', mode: 'exclusive', directory: '65024:2148321' }],
  ])('is read from the golden file of %s', (version, fields) => {
    const path = new URL(`../../test/fixtures/${version}/LOCK`, import.meta.url)
    const record = decodeLockRecord(readFileSync(path, 'latin1'))
    expect(record).toMatchObject({ pid: 12265, host: 'ada', ...fields })
  })

  it('of version 1 is decoded, without what it does not contain', () => {
    const lines = encodeLockRecord(RECORD).replace('LDB-LOCK 2', 'LDB-LOCK 1').split('\n')
    const text = lines.filter((line) => !/^(directory|filesystem|kernel|mode) /.test(line)).join('\n')
    const unknown = { directory: '-', filesystem: '-', kernel: '-', mode: '-' }
    expect(decodeLockRecord(withCheck(text))).toEqual({ ...RECORD, ...unknown })
  })

  it('of version 1 with the fields of version 2 is refused, and the reverse', () => {
    const text = encodeLockRecord(RECORD)
    expect(decodeLockRecord(withCheck(text.replace('LDB-LOCK 2', 'LDB-LOCK 1')))).toBeUndefined()
    expect(decodeLockRecord(withCheck(text.replace(/^mode .*\n/m, '')))).toBeUndefined()
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

/** Replaces the check of a record by the right one. */
function withCheck(text: string): string {
  const checked = text.slice(0, text.lastIndexOf('check '))
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(checked)) hash = Math.imul(hash ^ byte, 0x01000193)
  return `${checked}check ${(hash >>> 0).toString(16).padStart(8, '0')}\n`
}
