// The file LOCK: FORMAT.md of packages/vfs.
import { requireSound } from '../bytes/format-error.js'

const LOCK_BYTES_MAX = 4096
const TEXT = /^[!-~]{1,255}$/
const FIELDS: readonly (readonly [string, RegExp])[] = [
  ['pid', /^\d{1,10}$/],
  ['start', TEXT],
  ['boot', TEXT],
  ['host', TEXT],
  ['pidns', TEXT],
  ['netns', TEXT],
  ['socket', TEXT],
  ['directory', /^(\d+:\d+|-)$/],
  ['filesystem', TEXT],
  ['kernel', /^(flock|-)$/],
  ['mode', /^(exclusive|shared|-)$/],
  ['token', /^[0-9a-f]{32}$/],
  ['check', /^[0-9a-f]{8}$/],
]
/** Fields of lines 9 to 12, which version 1 lacks. */
const SINCE_2 = ['directory', 'filesystem', 'kernel', 'mode']
const FIELDS_1 = FIELDS.filter(([name]) => !SINCE_2.includes(name))

/** Reads the file LOCK. Returns its fields by name; `-` for those that its version lacks. */
export function readLock(bytes: Uint8Array): Map<string, string> {
  requireSound(bytes.length <= LOCK_BYTES_MAX, 'the lock is too long')
  const lines = String.fromCharCode(...bytes).split('\n')
  requireSound(lines[0] === 'LDB-LOCK 1' || lines[0] === 'LDB-LOCK 2', 'first line of the lock')
  const fields = lines[0] === 'LDB-LOCK 1' ? FIELDS_1 : FIELDS
  requireSound(lines.length === fields.length + 2 && lines.at(-1) === '', 'number of lines of the lock')
  const values = new Map<string, string>(SINCE_2.map((name) => [name, '-']))
  fields.forEach(([name, pattern], index) => {
    const line = lines[index + 1] ?? ''
    const value = line.slice(name.length + 1)
    requireSound(line.startsWith(`${name} `) && pattern.test(value), `field ${name} of the lock`)
    values.set(name, value)
  })
  const checked = bytes.length - 'check 00000000\n'.length
  requireSound(values.get('check') === fnv1a(bytes.subarray(0, checked)), 'check of the lock')
  return values
}

/** Returns the 32-bit FNV-1a of bytes, in hexadecimal. */
function fnv1a(bytes: Uint8Array): string {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
