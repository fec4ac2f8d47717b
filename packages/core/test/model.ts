import type { RangeOptions } from '@ldb/base'

/** Bytes as a string of one character per byte: comparable, in byte order. */
export type Text = string

export function toBytes(text: Text): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'))
}

export function toText(bytes: Uint8Array): Text {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Range options over texts. */
export type TextRange = RangeOptions<Text>

export function toByteRange(range: TextRange): RangeOptions<Uint8Array> {
  const bytes: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(range)) {
    bytes[name] = typeof value === 'string' ? toBytes(value) : value
  }
  return bytes
}

/** The reference: one keyspace as a sorted list of entries, searched linearly. */
export class ModelMap {
  readonly entries: Map<Text, Text>

  constructor(entries: Iterable<[Text, Text]> = []) {
    this.entries = new Map(entries)
  }

  clone(): ModelMap {
    return new ModelMap(this.entries)
  }

  /** Returns what a scan of the range must return. */
  scan(range: TextRange): [Text, Text][] {
    const found = this.within(range)
    const offset = range.offset ?? 0
    return found.slice(offset, range.limit === undefined ? undefined : offset + range.limit)
  }

  /** Returns the entries within the bounds, in the direction of the range. */
  within(range: TextRange): [Text, Text][] {
    const found = [...this.entries]
      .filter(
        ([key]) =>
          (range.gt === undefined || key > range.gt) &&
          (range.gte === undefined || key >= range.gte) &&
          (range.lt === undefined || key < range.lt) &&
          (range.lte === undefined || key <= range.lte) &&
          (range.prefix === undefined || key.startsWith(range.prefix)),
      )
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return range.reverse === true ? found.reverse() : found
  }

  deleteRange(range: TextRange): void {
    for (const [key] of this.scan(range)) this.entries.delete(key)
  }
}

/** The reference of a cursor: an index in a list, −1 on no entry. */
export class ModelCursor {
  readonly entries: readonly [Text, Text][]
  readonly reverse: boolean
  at = -1

  constructor(map: ModelMap, range: TextRange) {
    this.entries = map.within(range)
    this.reverse = range.reverse === true
  }

  first(): boolean {
    return this.#moveTo(0)
  }

  last(): boolean {
    return this.#moveTo(this.entries.length - 1)
  }

  next(): boolean {
    return this.#moveTo(this.at + 1)
  }

  previous(): boolean {
    return this.#moveTo(this.at === -1 ? this.entries.length - 1 : this.at - 1)
  }

  seek(key: Text): boolean {
    return this.#moveTo(this.entries.findIndex(([other]) => (this.reverse ? other <= key : other >= key)))
  }

  #moveTo(at: number): boolean {
    this.at = at >= 0 && at < this.entries.length ? at : -1
    return this.at >= 0
  }
}
