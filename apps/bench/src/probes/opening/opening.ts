import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding, Probe } from '../../model/probe.js'
import { median } from '../../measure/statistics.js'
import { installPeer } from '../../peers/installation.js'

const CHILD = fileURLToPath(new URL('./store-step.js', import.meta.url))
const MEBIBYTE = 2 ** 20
const ROUNDS = { tiny: 1, quick: 5, normal: 11, full: 21 }
const KEYSPACES_MANY = { tiny: 20, quick: 1000, normal: 1000, full: 1000 }
const SMALL_CACHE_BYTES = 4 * MEBIBYTE
const CACHES_BYTES = [64 * MEBIBYTE, 512 * MEBIBYTE]
const PEERS = ['lmdb', 'classic-level']
const SYNCS_AT_MOST = 10
const LMDB_RATIO_AT_MOST = 3
const KEYSPACES_RATIO_AT_MOST = 10
const CACHE_RATIO_AT_MOST = 1.2

interface Times {
  readonly elapsedMs: number
  readonly cpuMs: number
}

/** A store with some data, which is opened in processes of their own. */
interface Opened {
  readonly label: string
  readonly store: string
  readonly keyspaces: number
  readonly cacheBytes: number
}

/** Creation and clean opens in fresh processes, beside those of other stores. */
export const opening: Probe = {
  id: 'opening',
  title: 'Creation, and opens after a clean close, each in a fresh process',
  async run(effort, dir): Promise<Finding[]> {
    const peers = PEERS.filter((peer) => installPeer(peer, () => undefined) === undefined)
    const many = KEYSPACES_MANY[effort]
    const cases: Opened[] = [
      { label: 'LDB, 1 keyspace', store: 'ldb', keyspaces: 1, cacheBytes: SMALL_CACHE_BYTES },
      { label: `LDB, ${many} keyspaces`, store: 'ldb', keyspaces: many, cacheBytes: SMALL_CACHE_BYTES },
      ...CACHES_BYTES.map((cacheBytes) => ({
        label: `LDB, 1 keyspace, cache of ${cacheBytes / MEBIBYTE} MiB`,
        store: 'ldb',
        keyspaces: 1,
        cacheBytes,
      })),
      ...peers.map((store) => ({ label: `${store}, 1 keyspace`, store, keyspaces: 1, cacheBytes: 0 })),
    ]
    mkdirSync(dir, { recursive: true })
    const opens = medianOpens(cases, dir, ROUNDS[effort])
    return [...creations(['ldb', ...peers], dir, ROUNDS[effort]), ...opens, ...ratios(cases, opens)]
  },
}

/** The rounds of all cases are interleaved. */
function medianOpens(cases: readonly Opened[], dir: string, rounds: number): Finding[] {
  const paths = cases.map((_, index) => join(dir, `open-${index}`))
  cases.forEach(({ store, keyspaces, cacheBytes }, index) => {
    runStep(['create', store, paths[index] ?? '', keyspaces, cacheBytes])
  })
  const times: number[][] = cases.map(() => [])
  for (let round = 0; round < rounds; round++) {
    cases.forEach(({ store, keyspaces, cacheBytes }, index) => {
      times[index]?.push(runStep(['open', store, paths[index] ?? '', keyspaces, cacheBytes]).elapsedMs)
    })
  }
  return cases.map(({ label }, index) => ({
    name: `open and one get: ${label}`,
    value: median(times[index] ?? []),
    unit: 'ms',
  }))
}

function ratios(cases: readonly Opened[], opens: readonly Finding[]): Finding[] {
  const valueOf = (wanted: Partial<Opened>): number | undefined => {
    const index = cases.findIndex((each) =>
      Object.entries(wanted).every(([key, value]) => each[key as keyof Opened] === value),
    )
    return opens[index]?.value
  }
  const single = valueOf({ store: 'ldb' })
  const list: readonly [string, number | undefined, number | undefined, number][] = [
    ['open: LDB ÷ lmdb-js', single, valueOf({ store: 'lmdb' }), LMDB_RATIO_AT_MOST],
    ['open: many keyspaces ÷ one', opens[1]?.value, single, KEYSPACES_RATIO_AT_MOST],
    [
      'open: cache of 512 MiB ÷ the smallest',
      valueOf({ cacheBytes: CACHES_BYTES.at(-1) ?? 0 }),
      single,
      CACHE_RATIO_AT_MOST,
    ],
  ]
  return list.flatMap(([name, value, base, atMost]) =>
    value === undefined || base === undefined ? [] : [{ name, value: value / base, unit: 'x', atMost }],
  )
}

/** Creates a database with one keyspace and one durable put, and closes it. */
function creations(stores: readonly string[], dir: string, rounds: number): Finding[] {
  const findings: Finding[] = []
  for (const store of stores) {
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      const path = join(dir, `created-${store}-${round}`)
      times.push(runStep(['create', store, path, 1, SMALL_CACHE_BYTES]).elapsedMs)
      rmSync(path, { recursive: true, force: true })
    }
    findings.push({ name: `create, put, close: ${store}`, value: median(times), unit: 'ms' })
    const syncs = countSyncs(store, dir)
    if (syncs === undefined) continue
    const aim = store === 'ldb' ? { atMost: SYNCS_AT_MOST } : {}
    findings.push({ name: `create, put, close: syncs of ${store}`, value: syncs, unit: '', ...aim })
  }
  return findings
}

/** Counts the syncs of a creation with strace; `undefined` without it. */
function countSyncs(store: string, dir: string): number | undefined {
  const trace = join(dir, `syncs-${store}`)
  const path = join(dir, `traced-${store}`)
  const traced = ['-f', '-q', '-e', 'trace=fsync,fdatasync,sync_file_range,msync', '-o', trace]
  const child = [process.execPath, CHILD, 'create', store, path, '1', String(SMALL_CACHE_BYTES)]
  if (spawnSync('strace', [...traced, ...child]).status !== 0) return undefined
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /\b(fsync|fdatasync|msync)\(/.test(line)).length
}

function runStep(args: readonly (string | number)[]): Times {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CHILD, ...args.map(String)], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`a process of the opening probe failed: ${stderr}`)
  return JSON.parse(stdout) as Times
}
