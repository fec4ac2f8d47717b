/** One system under measurement. Every method does one operation of a row. */
export interface Subject {
  readonly name: string
  put(index: number): Promise<void>
  get(index: number): Promise<void>
  getMany(indexes: readonly number[]): Promise<void>
  /** Reads all entries. */
  scan(): Promise<number>
  batch(indexes: readonly number[]): Promise<void>
  /** Reads two entries and writes both, if they are unchanged. */
  transaction(first: number, second: number): Promise<void>
  /** Puts, and resolves when the change was reported. */
  putToChange(index: number): Promise<void>
  close(): Promise<void>
}

/** Number of entries. */
export const ENTRIES = 2000
const VALUE = 'v'.repeat(100)

/** Returns the key of an entry. */
export function keyOf(index: number): string {
  return `key${String(index % ENTRIES).padStart(8, '0')}`
}

/** Returns the value of an entry: 100 bytes. */
export function valueOf(index: number): string {
  return `${index}${VALUE}`.slice(0, 100)
}
