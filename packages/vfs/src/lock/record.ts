import { assert } from '@ldb/base'
import {
  LOCK_FIELDS,
  LOCK_FIELDS_SINCE_2,
  LOCK_HEADING,
  LOCK_HEADING_1,
  LOCK_KERNEL_FLOCK,
  LOCK_TOKEN_DIGITS,
  LOCK_UNKNOWN,
  LOCK_VALUE_CHARACTERS_MAX,
} from '../format.js'
import type { LockMode } from '../vfs.js'

/** Identifies the holder of a lock. A field that is not known is `'-'`. */
export interface LockRecord {
  /** Process id of the holder. */
  readonly pid: number
  /** Start time of the process, in clock ticks since boot. */
  readonly start: string
  /** Boot id of the machine. */
  readonly boot: string
  /** Host name. */
  readonly host: string
  /** Pid namespace of `pid`. */
  readonly pidns: string
  /** Network namespace in which `socket` is exclusive. */
  readonly netns: string
  /** Name of the abstract unix socket that is bound while the lock is held. */
  readonly socket: string
  /** Identity of the locked directory, `device:inode`. */
  readonly directory: string
  /** Type of its file system: `f_type` of statfs(2) in hexadecimal. */
  readonly filesystem: string
  /** `'flock'` when the holder holds flock(2) on the directory. */
  readonly kernel: typeof LOCK_KERNEL_FLOCK | typeof LOCK_UNKNOWN
  /** Mode of the lock. A record of version 1 does not contain it. */
  readonly mode: LockMode | typeof LOCK_UNKNOWN
  /** 128 random bits in hexadecimal, unique to this acquisition of the lock. */
  readonly token: string
}

const TOKEN = new RegExp(`^[0-9a-f]{${LOCK_TOKEN_DIGITS}}$`)
const PRINTABLE = /^[!-~]+$/
const PID = /^[1-9][0-9]{0,9}$/
const DIRECTORY = /^([0-9]+:[0-9]+|-)$/
const FIELDS_1 = LOCK_FIELDS.filter((field) => !LOCK_FIELDS_SINCE_2.includes(field))

type FieldValues = Partial<Record<(typeof LOCK_FIELDS)[number], string>>

/** Encodes a record as ASCII text of the current version. */
export function encodeLockRecord(record: LockRecord): string {
  assert(TOKEN.test(record.token), 'a lock token must be 128 bits in hexadecimal')
  let text = `${LOCK_HEADING}\n`
  for (const field of LOCK_FIELDS) {
    if (field !== 'check')
      text += `${field} ${field === 'token' ? record.token : printable(String(record[field]))}\n`
  }
  return `${text}check ${checksumOf(text)}\n`
}

/** Decodes a record; `undefined` when the text is not exactly a record of a known version. */
export function decodeLockRecord(text: string): LockRecord | undefined {
  const lines = text.split('\n')
  const fields = lines[0] === LOCK_HEADING ? LOCK_FIELDS : lines[0] === LOCK_HEADING_1 ? FIELDS_1 : []
  if (fields.length === 0 || lines.length !== fields.length + 2 || lines.at(-1) !== '') return undefined
  const values = Object.create(null) as FieldValues
  for (const [index, field] of fields.entries()) {
    const line = lines[index + 1] ?? ''
    const value = line.slice(field.length + 1)
    if (line !== `${field} ${value}` || !PRINTABLE.test(value) || value.length > LOCK_VALUE_CHARACTERS_MAX)
      return undefined
    values[field] = value
  }
  if (values.check !== checksumOf(text.slice(0, text.lastIndexOf('check ')))) return undefined
  return recordOf(values)
}

function recordOf(values: FieldValues): LockRecord | undefined {
  const {
    pid = '',
    start = '',
    boot = '',
    host = '',
    pidns = '',
    netns = '',
    socket = '',
    token = '',
  } = values
  const {
    directory = LOCK_UNKNOWN,
    filesystem = LOCK_UNKNOWN,
    kernel = LOCK_UNKNOWN,
    mode = LOCK_UNKNOWN,
  } = values
  if (!PID.test(pid) || !TOKEN.test(token) || !DIRECTORY.test(directory)) return undefined
  if (kernel !== LOCK_UNKNOWN && kernel !== LOCK_KERNEL_FLOCK) return undefined
  if (mode !== LOCK_UNKNOWN && mode !== 'exclusive' && mode !== 'shared') return undefined
  const holder = { pid: Number(pid), start, boot, host, pidns, netns, socket }
  return { ...holder, directory, filesystem, kernel, mode, token }
}

function printable(value: string): string {
  const text = value.replaceAll(/[^!-~]/g, '?').slice(0, LOCK_VALUE_CHARACTERS_MAX)
  return text === '' ? LOCK_UNKNOWN : text
}

/** Returns the 32-bit FNV-1a hash of ASCII text, in hexadecimal. */
function checksumOf(text: string): string {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}
