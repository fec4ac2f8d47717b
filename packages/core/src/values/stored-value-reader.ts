/** Reads the values of entries. */
export interface StoredValueReader {
  /** Returns the value of a stored value: without its header, or from a blob file. Borrowed. */
  valueOf(stored: Uint8Array): Uint8Array
}
