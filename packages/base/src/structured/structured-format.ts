/** Version of structured values: their first byte. */
export const STRUCTURED_VERSION = 1

/** Greatest number of items around an item. @category Encodings */
export const STRUCTURED_DEPTH_MAX = 256

/** Codes of items. On disk: never renumber, never reuse. */
export const ItemCode = {
  Null: 0x01,
  Undefined: 0x02,
  False: 0x03,
  True: 0x04,
  Integer: 0x05,
  Double: 0x06,
  Bigint: 0x07,
  String: 0x08,
  WideString: 0x09,
  Date: 0x0a,
  Array: 0x0b,
  Object: 0x0c,
  Map: 0x0d,
  Set: 0x0e,
  Bytes: 0x0f,
  View: 0x10,
} as const

/** What an array buffer is read as. */
export interface ViewKind {
  readonly name: string
  /** On disk: never renumber, never reuse. */
  readonly kind: number
  readonly elementBytes: number
  readonly make: (buffer: ArrayBuffer) => unknown
}

/** The kinds of views other than `Uint8Array`, which is an item of its own. */
export const VIEW_KINDS: readonly ViewKind[] = [
  { name: 'ArrayBuffer', kind: 0x01, elementBytes: 1, make: (buffer) => buffer },
  { name: 'DataView', kind: 0x02, elementBytes: 1, make: (buffer) => new DataView(buffer) },
  { name: 'Int8Array', kind: 0x03, elementBytes: 1, make: (buffer) => new Int8Array(buffer) },
  { name: 'Uint8ClampedArray', kind: 0x04, elementBytes: 1, make: (buffer) => new Uint8ClampedArray(buffer) },
  { name: 'Int16Array', kind: 0x05, elementBytes: 2, make: (buffer) => new Int16Array(buffer) },
  { name: 'Uint16Array', kind: 0x06, elementBytes: 2, make: (buffer) => new Uint16Array(buffer) },
  { name: 'Int32Array', kind: 0x07, elementBytes: 4, make: (buffer) => new Int32Array(buffer) },
  { name: 'Uint32Array', kind: 0x08, elementBytes: 4, make: (buffer) => new Uint32Array(buffer) },
  { name: 'Float32Array', kind: 0x09, elementBytes: 4, make: (buffer) => new Float32Array(buffer) },
  { name: 'Float64Array', kind: 0x0a, elementBytes: 8, make: (buffer) => new Float64Array(buffer) },
  { name: 'BigInt64Array', kind: 0x0b, elementBytes: 8, make: (buffer) => new BigInt64Array(buffer) },
  { name: 'BigUint64Array', kind: 0x0c, elementBytes: 8, make: (buffer) => new BigUint64Array(buffer) },
]

/** Elements of views are little-endian, as on all platforms that JavaScript runs on but few. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** Converts elements between the order of bytes of this platform and little-endian, in place. */
export function toLittleEndian(bytes: Uint8Array, elementBytes: number): void {
  if (IS_LITTLE_ENDIAN || elementBytes === 1) return
  for (let at = 0; at < bytes.length; at += elementBytes) bytes.subarray(at, at + elementBytes).reverse()
}
