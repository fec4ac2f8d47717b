// Strategy: files such as editors, backup programs and file managers leave behind are added to a database on a real file system,
// in each state in which it can be left. Then it is opened, read, written, verified and closed.
// Invariants (D2): the database works, read-only or not; no foreign file is changed, removed or followed; nothing blocks on a
// FIFO.
import { execFileSync } from 'node:child_process'
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeVfs } from '@ldb/vfs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCorruptionCase } from '../src/corruption/corruption-case.js'
import { writeImage } from '../src/corruption/directory-image.js'
import { GOLDEN_ENDINGS, GOLDEN_PATH, makeGolden } from '../src/corruption/golden.js'

const NAMES: readonly string[] = [
  '.DS_Store',
  '._CATALOG',
  'Thumbs.db',
  'CATALOG.bak',
  'CATALOG~',
  'catalog',
  'lock.pid',
  '0000000001.wal.orig',
  '0000000099.WAL',
  '99.wal',
  '+0000000099.wal',
  '00000000099.wal',
  'tree.ldb.old',
  'lost+found',
  'zwei Wörter 😀',
  '-rf',
  'x'.repeat(255),
]

const PLACES: readonly string[] = ['.', 'wal', 'keyspaces', 'keyspaces/1']

const start = process.cwd()
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-stray-'))
  process.chdir(root)
})
afterEach(() => {
  process.chdir(start)
  rmSync(root, { recursive: true, force: true })
})

/** Creates a foreign object under every name in every directory of the database. Returns the paths. */
function scatter(put: (path: string) => void): string[] {
  const paths = PLACES.flatMap((place) => NAMES.map((name) => join(GOLDEN_PATH, place, name)))
  for (const path of paths) put(path)
  return paths
}

function portrait(path: string): string {
  const status = lstatSync(path)
  const content = status.isFile() ? readFileSync(path, 'latin1') : ''
  return [path, status.mode, status.ino, status.size, status.mtimeMs, content].join(' ')
}

const kinds: readonly [string, (path: string) => void][] = [
  ['files', (path): void => writeFileSync(path, 'not yours')],
  ['directories', (path): void => mkdirSync(path)],
  ['links to nothing', (path): void => symlinkSync('/nowhere/at/all', path)],
  ['links to an endless device', (path): void => symlinkSync('/dev/zero', path)],
  ['hard links to the catalog', (path): void => linkSync(join(GOLDEN_PATH, 'CATALOG'), path)],
  ['pipes', (path): void => void execFileSync('mkfifo', ['--', path])],
]

describe.each(GOLDEN_ENDINGS)('a database that was left %s', (ending) => {
  const golden = makeGolden(1, ending)

  it.each(kinds)('works with foreign %s', (_, put) => {
    for (const isReadOnly of [true, false]) {
      rmSync(GOLDEN_PATH, { recursive: true, force: true })
      writeImage(new NodeVfs(), golden.image)
      const paths = scatter(put)
      const before = paths.map(portrait)
      const outcome = runCorruptionCase(new NodeVfs(), {
        golden,
        leastSeq: golden.lastSeq,
        mustReport: false,
        isReadOnly,
        isThorough: true,
      })
      expect(outcome).toEqual({ answer: 'unharmed', lostCount: 0 })
      expect(paths.map(portrait)).toEqual(before)
    }
  })
})
