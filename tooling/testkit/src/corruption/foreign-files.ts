import { execFileSync } from 'node:child_process'
import { renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { NodeVfs } from '@ldb/vfs'
import { TestRandom } from '../base/test-random.js'
import { Violation } from '../base/violation.js'
import { runCorruptionCase } from './corruption-case.js'
import { writeImage } from './directory-image.js'
import { GOLDEN_ENDINGS, GOLDEN_PATH, makeGolden } from './golden.js'

/** Replaces a file of a database by an object that is not a regular file. Needs a real file system. */
const STAND_INS: Readonly<Record<string, (path: string) => void>> = {
  fifo: (path) => {
    rmSync(path, { force: true })
    execFileSync('mkfifo', [path])
  },
  'link to itself': (path) => {
    rmSync(path, { force: true })
    symlinkSync(path.slice(path.lastIndexOf('/') + 1), path)
  },
  'link to nothing': (path) => {
    rmSync(path, { force: true })
    symlinkSync('/nowhere/at/all', path)
  },
  'link to its own file': (path) => {
    try {
      renameSync(path, 'moved-away')
    } catch {
      writeFileSync('moved-away', '')
    }
    symlinkSync(`${process.cwd()}/moved-away`, path)
  },
  'link to an endless device': (path) => {
    rmSync(path, { force: true })
    symlinkSync('/dev/zero', path)
  },
  nothing: (path) => {
    unlinkSync(path)
  },
}

/**
 * Writes a golden database to the current directory, replaces each of its files and directories in turn by an object that is
 * not one, and runs a corruption case on it.
 *
 * @returns the number of cases.
 */
export function runForeignFiles(seed: number): number {
  const random = new TestRandom(seed)
  const ending = random.pick(GOLDEN_ENDINGS)
  const golden = makeGolden(1, ending)
  const paths = [
    ...golden.image.files.keys(),
    `${GOLDEN_PATH}/LOCK`,
    `${GOLDEN_PATH}/wal`,
    `${GOLDEN_PATH}/keyspaces`,
    `${GOLDEN_PATH}/keyspaces/2`,
  ]
  let caseCount = 0
  for (const path of paths) {
    for (const [name, replace] of Object.entries(STAND_INS)) {
      rmSync(GOLDEN_PATH, { recursive: true, force: true })
      rmSync('moved-away', { recursive: true, force: true })
      writeImage(new NodeVfs(), golden.image)
      try {
        replaceBy(path, replace)
        const rules = {
          golden,
          leastSeq: 0,
          mustReport: false,
          isReadOnly: random.chance(0.5),
          isThorough: true,
        }
        runCorruptionCase(new NodeVfs(), rules)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new Violation(`${ending}: ${name} instead of ${path}: ${reason}`, { cause: error })
      }
      caseCount++
    }
  }
  return caseCount
}

function replaceBy(path: string, replace: (path: string) => void): void {
  const isDirectory = ['/wal', '/keyspaces', '/2'].some((end) => path.endsWith(end))
  if (path.endsWith('/LOCK')) writeFileSync(path, '')
  if (!isDirectory) replace(path)
  else {
    renameSync(path, 'moved-away')
    if (replace === STAND_INS['link to its own file']) symlinkSync(`${process.cwd()}/moved-away`, path)
    else if (replace !== STAND_INS['nothing']) replace(path)
  }
}
