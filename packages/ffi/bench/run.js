// Runs the C library beside LevelDB's C API and SQLite, and prints the ratios of one run. `npm run bench:native -- [entries [folder]]`.
// Without a folder, files are in memory where the system has such a folder: the rows of synced puts then measure no device.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, whyNotBuildable } from '../native/build.js'

const folder = fileURLToPath(new URL('.', import.meta.url))
const OTHERS = [
  {
    name: 'leveldb',
    header: '/usr/include/leveldb/c.h',
    flags: ['-DHAVE_LEVELDB', '-lleveldb'],
    package: 'libleveldb-dev',
  },
  {
    name: 'sqlite',
    header: '/usr/include/sqlite3.h',
    flags: ['-DHAVE_SQLITE', '-lsqlite3'],
    package: 'libsqlite3-dev',
  },
]

/** Runs the benchmark. @returns a map of rows: the numbers by store, and their unit. */
export async function runBenchmark(entryCount, parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()) {
  const library = await build()
  const work = mkdtempSync(join(parent, 'ldb-bench-'))
  try {
    const program = join(work, 'bench')
    const flags = OTHERS.filter(({ header }) => existsSync(header)).flatMap((other) => other.flags)
    const sources = ['main.c', 'stores.c'].map((name) => join(folder, name))
    const include = fileURLToPath(new URL('../native/include', import.meta.url))
    const linked = [join(library, 'libldb.so'), `-Wl,-rpath,${library}`, '-lpthread']
    call('gcc', [
      '-std=c11',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-D_GNU_SOURCE',
      '-O2',
      `-I${include}`,
      ...flags.filter((flag) => flag.startsWith('-D')),
      ...sources,
      ...linked,
      ...flags.filter((flag) => flag.startsWith('-l')),
      '-o',
      program,
    ])
    const rows = new Map()
    for (const line of call(program, [work, String(entryCount)])
      .trim()
      .split('\n')) {
      const [row, store, number, unit] = line.split('\t')
      if (!rows.has(row)) rows.set(row, { unit, numbers: {} })
      rows.get(row).numbers[store] = Number(number)
    }
    return rows
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function call(program, options) {
  const { status, stdout, stderr } = spawnSync(program, options, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program}: ${status}\n${stderr}`)
  return stdout
}

/** Returns the rows as lines: each store beside the library, with the ratio of the library to it. */
export function tableOf(rows) {
  const lines = []
  for (const [row, { unit, numbers }] of rows) {
    const { ldb } = numbers
    const others = OTHERS.map(({ name, package: source, header }) => {
      if (!existsSync(header)) return `${name}: ${source} is not installed`
      const number = numbers[name]
      return number === undefined ? `${name}: –` : `${name}: ${number} (${(ldb / number).toFixed(2)}x)`
    })
    lines.push(`${row.padEnd(38)} ${String(ldb).padStart(9)} ${unit.padEnd(3)} ${others.join('   ')}`)
  }
  return lines
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const reason = whyNotBuildable()
  if (reason !== undefined) throw new Error(`the C library cannot be built: ${reason}`)
  for (const line of tableOf(await runBenchmark(Number(process.argv[2] ?? 100_000), process.argv[3])))
    console.log(line)
}
