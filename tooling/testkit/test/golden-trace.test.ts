// Strategy: a process executes one operation under strace; the system calls that change files must equal a golden
// file. `LDB_GOLDEN=write` rewrites the golden files: review the difference before a commit.
// Invariants, also checked without golden files: data acknowledged at `full` is synced before the acknowledgement;
// a directory is synced after each rename in it; a log segment and the pages of a tree are durable before anything
// refers to them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { normalizedTrace } from '../src/trace/system-trace.js'

const CHILD = fileURLToPath(new URL('children/traced.mjs', import.meta.url))
const GOLDEN = fileURLToPath(new URL('golden', import.meta.url))
const CALLS =
  'pwrite64,pwritev,pwritev2,write,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,openat,ftruncate'
const SCENARIOS = [
  'create',
  'put at full',
  'put at periodic',
  'put at none',
  'two puts at full',
  'batch over two keyspaces',
  'checkpoint',
  'close',
  'reopen after a clean close',
  'reopen after a kill',
  'make a keyspace',
  'drop a keyspace',
  'compact',
] as const
type Scenario = (typeof SCENARIOS)[number]

const hasStrace = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
if (!hasStrace) console.warn('SKIPPED: golden system-call traces, because strace is not available')

/** Returns the system calls between the two marks. */
function traced(scenario: Scenario): string[] {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'ldb-trace-')))
  try {
    const directory = join(root, 'data')
    const env = { ...process.env, UV_USE_IO_URING: '0', NODE_OPTIONS: process.env['LDB_CHILD_OPTIONS'] ?? '' }
    spawnSync(process.execPath, [CHILD, scenario, directory, 'before'], { env })
    const output = join(root, 'strace.txt')
    const args = [
      '-f',
      '-y',
      '-qq',
      '-e',
      `trace=${CALLS}`,
      '-o',
      output,
      process.execPath,
      CHILD,
      scenario,
      directory,
    ]
    const { status, stderr } = spawnSync('strace', args, { env, encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    const lines = normalizedTrace(readFileSync(output, 'utf8'), root)
    return lines.slice(lines.indexOf('mark begin') + 1, lines.indexOf('mark end') + 1)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/**
 * Puts the sync of a sealed segment behind the write of the seal: another thread performs it, at some moment before the next use of the
 * segment.
 */
function withSyncsOfSeals(lines: readonly string[]): string[] {
  const placed = [...lines]
  for (const [index, line] of placed.entries()) {
    const path = /^write (data\/wal\/\d+\.wal) 4096 \+ 56$/.exec(line)?.[1]
    if (path === undefined) continue
    const next = placed.findIndex((each, at) => at > index && each.includes(path))
    if (placed[next] === `fdatasync ${path}`) placed.splice(index + 1, 0, ...placed.splice(next, 1))
  }
  return placed
}

/** Returns the missing syncs before each mark: of written files and of directories with changed names. */
function unsyncedAtMarks(lines: readonly string[]): string[] {
  const unsynced = new Set<string>()
  const faults: string[] = []
  for (const line of lines) {
    const [what = '', path = ''] = line.split(' ')
    // Nothing depends on the copy of the catalog while the catalog is intact.
    const isFree = path.includes('LOCK') || path.endsWith('CATALOG.copy')
    if (what === 'write' && !isFree) unsynced.add(path)
    if (what === 'fsync' || what === 'fdatasync') unsynced.delete(path)
    if (what === 'rename' && !path.includes('LOCK')) {
      const target = line.split(' -> ')[1] ?? ''
      if (unsynced.has(path)) faults.push(`${path} was renamed before it was synced`)
      unsynced.add(target.includes('/') ? target.slice(0, target.lastIndexOf('/')) : '.')
    }
    if (what === 'mark')
      faults.push(...[...unsynced].map((each) => `${each} was not synced before "${line}"`))
  }
  return faults
}

describe.skipIf(!hasStrace)('system calls', () => {
  test.each(SCENARIOS)('%s', (scenario) => {
    const lines = traced(scenario)
    const golden = join(GOLDEN, `${scenario.replaceAll(' ', '-')}.txt`)
    const placed = withSyncsOfSeals(lines)
    if (process.env['LDB_GOLDEN'] === 'write') writeFileSync(golden, `${placed.join('\n')}\n`)
    expect(existsSync(golden), 'the golden file is missing').toBe(true)
    expect(placed).toEqual(readFileSync(golden, 'utf8').trimEnd().split('\n'))
    const isBuffered = scenario === 'put at periodic' || scenario === 'put at none'
    // The record of the catalog, the last write, is synced with the first commit to the keyspace.
    const missing = unsyncedAtMarks(lines).filter(
      (fault) => scenario !== 'make a keyspace' || !/\.wal /.test(fault),
    )
    if (!isBuffered) expect(missing).toEqual([])
    if (scenario === 'put at periodic') expect(unsyncedAtMarks(lines).join()).toMatch(/\.wal was not synced/)
    if (scenario === 'put at none') expect(lines.filter((line) => line.includes('.wal'))).toEqual([])
  })
})

test('the sync check reports a missing sync', () => {
  const put = ['write data/wal/1.wal 0 + 56', 'fdatasync data/wal/1.wal', 'mark end']
  expect(unsyncedAtMarks(put)).toEqual([])
  expect(unsyncedAtMarks([put[0] as string, put[2] as string])).toHaveLength(1)
  const rename = [
    'write data/CATALOG.new 0 + 9',
    'fdatasync data/CATALOG.new',
    'rename data/CATALOG.new -> data/CATALOG',
  ]
  expect(unsyncedAtMarks([...rename, 'fsync data', 'mark end'])).toEqual([])
  expect(unsyncedAtMarks([...rename, 'mark end'])).toEqual(['data was not synced before "mark end"'])
  expect(unsyncedAtMarks([rename[0] as string, rename[2] as string])).toHaveLength(1)
})

test('only the sync of a seal is put elsewhere, and not before another use of the segment', () => {
  const seal = 'write data/wal/2.wal 4096 + 56'
  const others = ['write data/tree.ldb 0 + 512', 'fdatasync data/tree.ldb']
  expect(withSyncsOfSeals([seal, ...others, 'fdatasync data/wal/2.wal'])).toEqual([
    seal,
    'fdatasync data/wal/2.wal',
    ...others,
  ])
  const renamed = [seal, 'rename data/wal/2.wal -> data/wal/2.wal.old', 'fdatasync data/wal/2.wal']
  expect(withSyncsOfSeals(renamed)).toEqual(renamed)
  const record = ['write data/wal/2.wal 8192 + 56', ...others, 'fdatasync data/wal/2.wal']
  expect(withSyncsOfSeals(record)).toEqual(record)
})

test('a normalized trace contains no process ids, descriptors or random names', () => {
  const output = [
    '12 openat(AT_FDCWD</tmp>, "/root/data/LOCK.0a1b.new", O_WRONLY|O_CREAT|O_EXCL, 0600) = 20</root/data/LOCK.0a1b.new>',
    '12 pwrite64(21</root/data/wal/1.wal>, "\\0, \\"x"..., 64, 8192 <unfinished ...>',
    '13 unlink("/elsewhere") = 0',
    '12 <... pwrite64 resumed>)                = 64',
    '12 fsync(22</root/data>)                = 0',
    '12 rename("/root/data/a", "/root/data/b") = 0',
    '12 write(1</dev/null>, "MARK end\\n", 9) = 9',
  ].join('\n')
  expect(normalizedTrace(output, '/root')).toEqual([
    'create data/LOCK.ID.new',
    'write data/wal/1.wal 8192 + 64',
    'fsync data',
    'rename data/a -> data/b',
    'mark end',
  ])
})
