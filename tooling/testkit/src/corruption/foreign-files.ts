import { execFileSync } from 'node:child_process'
import { renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { NodeVfs } from '@ldb/vfs'
import { TestRandom } from '../test-random.js'
import { Violation } from '../violation.js'
import { runCorruptionCase } from './corruption-case.js'
import { placeImage } from './directory-image.js'
import { GOLDEN_ENDINGS, GOLDEN_PATH, makeGolden } from './golden.js'

/** Things that only a real file system has, put where a file of a database should be. */
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
  'link to its own bytes': (path) => {
    try {
      renameSync(path, 'moved-away')
    } catch {
      writeFileSync('moved-away', '')
    }
    symlinkSync(`${process.cwd()}/moved-away`, path)
  },
  'link to a device without end': (path) => {
    rmSync(path, { force: true })
    symlinkSync('/dev/zero', path)
  },
  nothing: (path) => {
    unlinkSync(path)
  },
}

/**
 * Puts a golden database into the present directory, replaces each of its files and directories in turn by something
 * that is no file, and looks how it answers.
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
      placeImage(new NodeVfs(), golden.image)
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
        throw new Violation(`${ending}: ${name} in place of ${path}: ${reason}`, { cause: error })
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
    if (replace === STAND_INS['link to its own bytes']) symlinkSync(`${process.cwd()}/moved-away`, path)
    else if (replace !== STAND_INS['nothing']) replace(path)
  }
}
