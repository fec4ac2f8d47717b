import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtFile } from '../base/built-file.js'
import type { Suite, SuiteCounts } from '../suite/suite.js'
import { Violation } from '../base/violation.js'

/** Far above the time of all cases of one seed. Only a case that blocks, on a FIFO for example, exceeds it. */
const PATIENCE_MS = 120_000

/** Replaces files of a database by FIFOs, links and devices. */
export const foreignFilesSuite: Suite = {
  name: 'foreign-files',
  runCase: (seed) => Promise.resolve().then(() => runInChild(seed)),
}

function runInChild(seed: number): SuiteCounts {
  const directory = mkdtempSync(join(tmpdir(), 'ldb-foreign-'))
  try {
    const output = execFileSync(process.execPath, [builtFile('corruption/foreign-child.js'), String(seed)], {
      cwd: directory,
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return { foreignCases: Number(output) }
  } catch (error) {
    const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    throw new Violation(`an object that is not a file: ${text === '' ? String(error) : text}`, {
      cause: error,
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
