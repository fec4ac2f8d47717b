import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding, Probe } from '../../model/probe.js'
import { installPeer } from '../../peers/installation.js'
import { peerFolder } from '../../peers/packages.js'

const ROUNDS = { tiny: 1, quick: 11, normal: 21, full: 41 }
const LMDB_RATIO_AT_MOST = 1.1
/** Fields of /proc/self/stat behind the name: the times of children that were waited for, in hundredths of a second. */
const CHILDREN_USER = 13
const CHILDREN_SYSTEM = 14
const MS_PER_TICK = 10
/** Folder from which the packages of LDB are found. */
const HERE = fileURLToPath(new URL('../../../', import.meta.url))

/** A process that loads a store, opens a new database, writes and reads an entry, and closes it. */
interface Program {
  readonly label: string
  readonly folder: string
  readonly source: string
}

const EMPTY: Program = { label: 'node without a program', folder: HERE, source: '' }

const LDB: readonly Program[] = [
  {
    label: 'LDB, import',
    folder: HERE,
    source: `import { Database } from '@ldb/core'
      const db = Database.open(process.env.DIR); db.put('a', 'b'); db.get('a'); db.close()`,
  },
  {
    label: 'LDB, require',
    folder: HERE,
    source: `import { createRequire } from 'node:module'
      const { Database } = createRequire(process.cwd() + '/package.json')('@ldb/core')
      const db = Database.open(process.env.DIR); db.put('a', 'b'); db.get('a'); db.close()`,
  },
]

const PEER_SOURCES: readonly (readonly [name: string, source: string])[] = [
  [
    'lmdb',
    `import { open } from 'lmdb'
      const db = open({ path: process.env.DIR }); await db.put('a', 'b'); db.get('a'); await db.close()`,
  ],
  [
    'classic-level',
    `import { ClassicLevel } from 'classic-level'
      const db = new ClassicLevel(process.env.DIR); await db.put('a', 'b'); await db.get('a'); await db.close()`,
  ],
]

/** The processor time of a whole short process, beside other stores. */
export const coldStart: Probe = {
  id: 'cold-start',
  title: 'Processor time of a process that loads a store, opens a new database, puts, gets and closes',
  run(effort, dir): Promise<Finding[]> {
    const peers = PEER_SOURCES.filter(([name]) => installPeer(name, () => undefined) === undefined)
    const programs = [
      EMPTY,
      ...LDB,
      ...peers.map(([name, source]) => ({ label: name, folder: peerFolder(name), source })),
    ]
    mkdirSync(dir, { recursive: true })
    const sums = programs.map(() => 0)
    // The rounds of all programs are interleaved. The clock is coarse, so that times are summed.
    for (let round = 0; round < ROUNDS[effort]; round++)
      programs.forEach((program, index) => {
        sums[index] = (sums[index] ?? 0) + cpuMsOf(program, join(dir, `cold-${index}`))
      })
    const findings = programs.map(({ label }, index): Finding => ({
      name: `whole process: ${label}`,
      value: (sums[index] ?? 0) / ROUNDS[effort],
      unit: 'ms',
    }))
    const [ldb, lmdb] = ['LDB, import', 'lmdb'].map(
      (label) => sums[programs.findIndex((each) => each.label === label)],
    )
    if (ldb !== undefined && lmdb !== undefined && lmdb > 0)
      findings.push({
        name: 'whole process: LDB ÷ lmdb-js',
        value: ldb / lmdb,
        unit: 'x',
        atMost: LMDB_RATIO_AT_MOST,
      })
    return Promise.resolve(findings)
  },
}

/** Returns the processor time of a process and of those that it starts, in steps of ten milliseconds. */
function cpuMsOf({ label, folder, source }: Program, path: string): number {
  const before = childrenMs()
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: folder,
    env: { ...process.env, DIR: path },
    encoding: 'utf8',
  })
  const after = childrenMs()
  rmSync(path, { recursive: true, force: true })
  if (status !== 0) throw new Error(`the process of ${label} failed: ${stderr}`)
  return after - before
}

function childrenMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[CHILDREN_USER]) + Number(fields[CHILDREN_SYSTEM])) * MS_PER_TICK
}
