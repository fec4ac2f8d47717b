// Compares LdbLevel with classic-level behind the same interface, by processor time: `node bench/compare.js`. Needs a build.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LdbLevel } from '../lib/index.js'

const { ClassicLevel } = createRequire(import.meta.url)('classic-level')
const COUNT = 100_000
const ROUNDS = 5
const VALUE = 'v'.repeat(100)
const keys = Array.from({ length: COUNT }, (_, i) => `key${String((i * 7919) % COUNT).padStart(13, '0')}`)
const folder = mkdtempSync(join(tmpdir(), 'ldb-level-bench-'))

/** Processor time of an action, of all threads, in microseconds for each of `count` operations. */
async function cost(count, action) {
  const before = process.cpuUsage()
  await action()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

async function fill(level) {
  for (let i = 0; i < COUNT; i += 1000) {
    await level.batch(keys.slice(i, i + 1000).map((key) => ({ type: 'put', key, value: VALUE })))
  }
}

async function walk(level, options) {
  const iterator = level.iterator(options)
  while ((await iterator.nextv(1000)).length > 0);
  await iterator.close()
}

/** Each row: its name, its operations, and the action, which gets an open database. */
const ROWS = [
  [
    'getSync',
    50_000,
    (level) => {
      for (let i = 0; i < 50_000; i++) level.getSync(keys[i])
    },
  ],
  [
    'get, alone',
    20_000,
    async (level) => {
      for (let i = 0; i < 20_000; i++) await level.get(keys[i])
    },
  ],
  [
    'get, 64 at once',
    51_200,
    async (level) => {
      for (let i = 0; i < 800; i++)
        await Promise.all(keys.slice(i * 64, i * 64 + 64).map((key) => level.get(key)))
    },
  ],
  [
    'getMany of 100',
    50_000,
    async (level) => {
      for (let i = 0; i < 500; i++) await level.getMany(keys.slice(i * 100, i * 100 + 100))
    },
  ],
  ['nextv(1000)', COUNT, (level) => walk(level, {})],
  ['nextv(1000), reverse', COUNT, (level) => walk(level, { reverse: true })],
  [
    'batch of 1,000',
    20_000,
    async (level) => {
      for (let i = 0; i < 20_000; i += 1000)
        await level.batch(keys.slice(i, i + 1000).map((key) => ({ type: 'put', key, value: VALUE })))
    },
  ],
  [
    'put',
    10_000,
    async (level) => {
      for (let i = 0; i < 10_000; i++) await level.put(keys[i], VALUE)
    },
  ],
  [
    'put with sync',
    300,
    async (level) => {
      for (let i = 0; i < 300; i++) await level.put(keys[i], VALUE, { sync: true })
    },
  ],
]

const makers = { ldb: (path) => new LdbLevel(path), classic: (path) => new ClassicLevel(path) }
const results = new Map()
const add = (row, store, value) => {
  const both = results.get(row) ?? { ldb: [], classic: [] }
  both[store].push(value)
  results.set(row, both)
}

try {
  const levels = {}
  for (const [store, make] of Object.entries(makers)) {
    levels[store] = make(join(folder, store))
    await fill(levels[store])
  }
  // The rounds alternate, so that other load on the machine meets both alike. The first one is not counted.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [row, count, action] of ROWS) {
      for (const store of Object.keys(makers)) {
        const value = await cost(count, () => action(levels[store]))
        if (round > 0) add(row, store, value)
      }
    }
    for (const store of Object.keys(makers)) {
      await levels[store].close()
      const opened = await cost(1, async () => {
        levels[store] = makers[store](join(folder, store))
        await levels[store].open()
      })
      if (round > 0) add('open', store, opened)
      const cold = await cost(COUNT, () => walk(levels[store], {}))
      if (round > 0) add('nextv(1000), after an open', store, cold)
    }
  }
  for (const level of Object.values(levels)) await level.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]
console.log(
  `${'processor µs an operation'.padEnd(30)} ${'LdbLevel'.padStart(10)} ${'classic'.padStart(10)} ${'ratio'.padStart(7)}`,
)
for (const [row, { ldb, classic }] of results) {
  const [ours, theirs] = [median(ldb), median(classic)]
  console.log(
    `${row.padEnd(30)} ${ours.toFixed(2).padStart(10)} ${theirs.toFixed(2).padStart(10)} ${(theirs / ours).toFixed(2).padStart(7)}`,
  )
}
