// Write batches: FORMAT.md of packages/base, "Write batch".
import { ByteView, compareBytes } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'

const KEY_BYTES_MAX = 65_535
const VALUE_BYTES_MAX = 2 ** 30

const OPERATION_KINDS = ['put', 'delete', 'deleteRange', 'deleteFrom', 'expire'] as const

/** One operation on a keyspace. `second` is the value of a put and the upper bound of a deleted range. */
export interface Operation {
  readonly kind: (typeof OPERATION_KINDS)[number]
  readonly key: Uint8Array
  readonly second: Uint8Array
}

/** The operations of a batch on one keyspace. */
export interface Section {
  readonly keyspaceId: number
  readonly operations: readonly Operation[]
}

/** Decodes the payload of a commit record. */
export function readBatch(payload: Uint8Array): Section[] {
  const view = new ByteView(payload)
  const sections: Section[] = []
  for (let offset = 0; offset < view.length;) {
    const keyspaceId = view.u32(offset)
    const operationCount = view.u32(offset + 4)
    const end = offset + 12 + view.u32(offset + 8)
    requireSound(operationCount >= 1, 'a section without operations')
    requireSound(!sections.some((section) => section.keyspaceId === keyspaceId), 'two sections of a keyspace')
    const cursor = new Cursor(new ByteView(view.slice(offset + 12, end)))
    const operations = Array.from({ length: operationCount }, () => readOperation(cursor))
    requireSound(cursor.isAtEnd, 'operations do not fill their section')
    sections.push({ keyspaceId, operations })
    offset = end
  }
  return sections
}

function readOperation(cursor: Cursor): Operation {
  const kind = OPERATION_KINDS[cursor.byte() - 1]
  requireSound(kind !== undefined, 'unknown kind of an operation')
  const key = cursor.bytes(KEY_BYTES_MAX)
  if (kind === 'put') return { kind, key, second: cursor.bytes(VALUE_BYTES_MAX) }
  if (kind !== 'deleteRange') return { kind, key, second: new Uint8Array() }
  const second = cursor.bytes(KEY_BYTES_MAX)
  requireSound(compareBytes(key, second) < 0, 'a range whose upper bound is not above its lower one')
  return { kind, key, second }
}

/** A position in the operations of a section. */
class Cursor {
  readonly #view: ByteView
  #offset = 0

  constructor(view: ByteView) {
    this.#view = view
  }

  get isAtEnd(): boolean {
    return this.#offset === this.#view.length
  }

  byte(): number {
    const value = this.#view.u8(this.#offset)
    this.#offset += 1
    return value
  }

  bytes(byteCountMax: number): Uint8Array {
    const byteCount = this.#varint()
    requireSound(byteCount <= byteCountMax, 'a key or value is too long')
    const start = this.#offset
    this.#offset += byteCount
    return this.#view.slice(start, this.#offset)
  }

  /** Returns an unsigned LEB128 number of at most 32 bits and of minimal length. */
  #varint(): number {
    let value = 0
    for (let index = 0; index < 5; index += 1) {
      const byte = this.byte()
      value += (byte & 0x7f) * 2 ** (7 * index)
      if (byte >= 0x80) continue
      requireSound(value < 2 ** 32 && (byte !== 0 || index === 0), 'a varint is not canonical')
      return value
    }
    requireSound(false, 'a varint is too long')
  }
}
