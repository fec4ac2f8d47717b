import { assert } from '@ldb/base'
import {
  LOCK_FIELDS,
  LOCK_HEADING,
  LOCK_TOKEN_DIGITS,
  LOCK_UNKNOWN,
  LOCK_VALUE_CHARACTERS_MAX,
} from '../format.js'

/** Who holds a lock. Facts that a platform does not tell are `'-'`. */
export interface LockRecord {
  readonly pid: number
  /** When the process was started, in clock ticks since its machine was. */
  readonly start: string
  /** Identifier of the machine's run since it was started. */
  readonly boot: string
  readonly host: string
  /** The namespace in which `pid` has a meaning. */
  readonly pidns: string
  /** The namespace in which `socket` is exclusive. */
  readonly netns: string
  /** Name of the socket that is bound as long as the lock is held. */
  readonly socket: string
  /** 128 random bits, in hexadecimal, that no other lock ever has. */
  readonly token: string
}

const TOKEN = new RegExp(`^[0-9a-f]{${LOCK_TOKEN_DIGITS}}$`)
const PRINTABLE = /^[!-~]+$/
const PID = /^[1-9][0-9]{0,9}$/

/** Returns the text of a record, all of it ASCII. */
export function encodeLockRecord(record: LockRecord): string {
  assert(TOKEN.test(record.token), 'a lock token must be 128 bits in hexadecimal')
  let text = `${LOCK_HEADING}\n`
  for (const field of LOCK_FIELDS) {
    if (field !== 'check')
      text += `${field} ${field === 'token' ? record.token : printable(String(record[field]))}\n`
  }
  return `${text}check ${checkOf(text)}\n`
}

/** Returns the record that a text holds; `undefined` when it is not, to the last character, one of this version. */
export function decodeLockRecord(text: string): LockRecord | undefined {
  const lines = text.split('\n')
  if (lines.length !== LOCK_FIELDS.length + 2 || lines[0] !== LOCK_HEADING || lines.at(-1) !== '')
    return undefined
  const values: Partial<Record<(typeof LOCK_FIELDS)[number], string>> = {}
  for (const [index, field] of LOCK_FIELDS.entries()) {
    const line = lines[index + 1] ?? ''
    const value = line.slice(field.length + 1)
    if (line !== `${field} ${value}` || !PRINTABLE.test(value) || value.length > LOCK_VALUE_CHARACTERS_MAX)
      return undefined
    values[field] = value
  }
  const {
    pid = '',
    start = '',
    boot = '',
    host = '',
    pidns = '',
    netns = '',
    socket = '',
    token = '',
    check,
  } = values
  if (check !== checkOf(text.slice(0, text.lastIndexOf('check ')))) return undefined
  if (!PID.test(pid) || !TOKEN.test(token)) return undefined
  return { pid: Number(pid), start, boot, host, pidns, netns, socket, token }
}

function printable(value: string): string {
  const shown = value.replaceAll(/[^!-~]/g, '?').slice(0, LOCK_VALUE_CHARACTERS_MAX)
  return shown === '' ? LOCK_UNKNOWN : shown
}

/** FNV-1a, 32 bits, over ASCII text. */
function checkOf(text: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
