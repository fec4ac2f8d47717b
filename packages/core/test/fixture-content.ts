import { createHash } from 'node:crypto'

/** Returns a hash of entries, as the expectations of golden databases have it. */
export function hashOf(entries: readonly (readonly [unknown, unknown])[]): string {
  const hash = createHash('sha256')
  for (const [key, value] of entries) hash.update(`${describeValue(key)} ${describeValue(value)}\n`)
  return hash.digest('hex')
}

/** Returns a text that differs for different values. */
function describeValue(value: unknown): string {
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Date) return `date ${value.getTime()}`
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return `[${value.map(describeValue).join(',')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}:${describeValue(field)}`,
  )
  return `{${fields.join(',')}}`
}
