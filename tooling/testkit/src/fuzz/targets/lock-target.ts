import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NodeVfs } from '@ldb/vfs'
import { readFile } from '../../corruption/directory-image.js'
import { assertGuarantee } from '../../base/violation.js'
import type { FuzzTarget } from './fuzz-target.js'

let directory: string | undefined

/** Returns a directory shared by all inputs. It is removed when the process exits. */
function lockDirectory(): string {
  if (directory === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'ldb-fuzz-lock-'))
    process.once('exit', () => {
      rmSync(made, { recursive: true, force: true })
    })
    directory = made
  }
  return directory
}

function emptyDirectory(): string {
  const path = lockDirectory()
  for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true })
  return path
}

/** The content of LOCK, which identifies the holder of a database. */
export const lockTarget: FuzzTarget = {
  name: 'lock',
  samples: () => [sampleLock()],
  bytesMax: 2_000,
  codes: ['LDB_LOCKED'],
  inputsPerCase: 250,
  run(input) {
    const path = emptyDirectory()
    writeFileSync(join(path, 'LOCK'), input)
    const lock = new NodeVfs().lock(path)
    lock.assertHeld()
    lock.release()
    assertGuarantee(!readdirSync(path).includes('LOCK'), () => 'LOCK still exists after its release')
  },
  repair(input) {
    const text = Buffer.from(input).toString('latin1')
    const at = text.lastIndexOf('check ')
    if (at < 0) return
    let hash = 0x811c9dc5
    for (let index = 0; index < at; index++) hash = Math.imul(hash ^ (input[index] ?? 0), 0x01000193)
    const check = (hash >>> 0).toString(16).padStart(8, '0')
    input.set(Buffer.from(`check ${check}\n`, 'latin1').subarray(0, input.length - at), at)
  },
}

function sampleLock(): Uint8Array {
  const vfs = new NodeVfs()
  const path = emptyDirectory()
  const lock = vfs.lock(path)
  try {
    return readFile(vfs, `${path}/LOCK`)
  } finally {
    lock.release()
  }
}
