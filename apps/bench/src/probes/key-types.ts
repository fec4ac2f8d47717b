import { Database } from '@ldb/core'
import type { Keyspace } from '@ldb/core'
import { median } from '../measure/statistics.js'
import type { Finding, Probe } from '../model/probe.js'

const HOT_KEYS = 1000
const KEY_DIGITS = 16
const VALUE_BYTES = 100
const CACHE_BYTES = 64 * 2 ** 20
const ROUNDS = { tiny: 3, quick: 15, normal: 31, full: 61 }
const GETS = { tiny: 1000, quick: 100_000, normal: 200_000, full: 200_000 }
const RATIO_AT_MOST = 1.1

/** Gets of a thousand cached entries by keys of each type that a keyspace accepts. */
export const keyTypes: Probe = {
  id: 'key-types',
  title: 'Gets of 1,000 hot keys, by the type of the key',
  async run(effort): Promise<Finding[]> {
    const texts = Array.from({ length: HOT_KEYS }, (_, index) => String(index).padStart(KEY_DIGITS, '0'))
    const loops = {
      Uint8Array: gets('binary', texts, (text) => Uint8Array.from(Buffer.from(text))),
      Buffer: gets('binary', texts, (text) => Buffer.from(text)),
      string: gets('utf8', texts, (text) => text),
    }
    const ns: Record<string, number[]> = {}
    for (let round = -2; round < ROUNDS[effort]; round++)
      for (const [name, loop] of Object.entries(loops)) {
        const result = loop(GETS[effort])
        if (round >= 0) (ns[name] ??= []).push(result)
      }
    const ratios = (ns['Buffer'] ?? []).map((value, round) => value / (ns['Uint8Array']?.[round] ?? NaN))
    return [
      ...Object.entries(ns).map(([name, values]) => ({
        name: `${name} keys`,
        value: median(values),
        unit: 'ns',
      })),
      { name: 'Buffer ÷ Uint8Array', value: median(ratios), unit: 'x', atMost: RATIO_AT_MOST },
    ]
  },
}

/** Returns a loop of gets on a database of its own, which returns nanoseconds per get. */
function gets<K>(
  encoding: 'binary' | 'utf8',
  texts: readonly string[],
  keyOf: (text: string) => K,
): (count: number) => number {
  const db = Database.memory({ cacheBytes: CACHE_BYTES })
  const entries = db.keyspace('bench', { keys: encoding, values: 'binary' }) as unknown as Keyspace<
    K,
    Uint8Array
  >
  const keys = texts.map(keyOf)
  for (const key of keys) entries.put(key, new Uint8Array(VALUE_BYTES))
  return (count) => {
    const start = performance.now()
    for (let index = 0; index < count; index++)
      if (entries.get(keys[index % HOT_KEYS] as K) === undefined) throw new Error('an entry is missing')
    return ((performance.now() - start) * 1e6) / count
  }
}
