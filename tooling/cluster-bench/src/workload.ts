/** What every row of the benchmark does, as far as it is the same for all clients. */

export const KEYS = 10_000
export const SCAN_ENTRIES = 1000
export const BATCH_ENTRIES = 1000
export const MANY_KEYS = 100
export const VALUE: string = 'v'.repeat(100)

/** Names of the rows, with the number of operations of one round. Short rounds alternate often: what else the machine does strikes all clients. */
export const ROWS = {
  put: 60,
  get: 300,
  'getMany 100': 40,
  'scan 1,000': 12,
  'batch 1,000': 5,
  'transaction 2r+2w': 50,
  'put to change': 30,
} as const

export type RowName = keyof typeof ROWS

/** One client: an operation for each row. `n` chooses the keys. */
export type Operations = Readonly<Record<RowName, (n: number) => Promise<unknown>>>

export function keyOf(n: number): string {
  return `k${String(n % KEYS).padStart(8, '0')}`
}

export function manyKeys(n: number): string[] {
  return Array.from({ length: MANY_KEYS }, (_, index) => keyOf(n * 31 + index * 7))
}

export function batchKeys(n: number): string[] {
  return Array.from({ length: BATCH_ENTRIES }, (_, index) => keyOf(((n * BATCH_ENTRIES) % KEYS) + index))
}

/** First key of a scan, behind which there are `SCAN_ENTRIES` entries. */
export function scanStart(n: number): string {
  return keyOf((n * 13) % (KEYS - SCAN_ENTRIES))
}

/** Two different keys in ascending order. */
export function pairOf(n: number): [string, string] {
  const first = n % (KEYS - 1)
  return [keyOf(first), keyOf(first + 1)]
}
