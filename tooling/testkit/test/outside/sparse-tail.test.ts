// Strategy: each file of a database that a killed process left open is extended by a hole of a terabyte, and the database is opened, read-only and
// for writing, in processes of their own.
// Invariants: an open ends, and reads a number of bytes that does not depend on the lengths of files; no acknowledged commit is lost, or
// the error names a file and an offset.
import { cpSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'

const TERA = 2 ** 40
/** A segment of the log is searched up to its capacity of 64 MiB, by recovery and by `verify`. */
const READ_BYTES_MAX = 512 * 1024 * 1024
const TIMEOUT_MS = 120_000

const WRITE = `
import { Database } from '@ldb/core'
import { writeSync } from 'node:fs'
const db = Database.open(process.argv[2])
db.keyspace('users').put('u', '1')
for (let number = 0; number < 200; number++) db.put('k' + number, 'v'.repeat(500))
db.checkpoint()
for (let number = 200; number < 300; number++) db.put('k' + number, 'v'.repeat(500))
writeSync(1, 'written\\n')
setInterval(() => {}, 1000)
`

/** Opens and verifies. Arguments: path, whether read-only. Prints the bytes that the process has read, from the count of the kernel. */
const OPEN = `
import { Database } from '@ldb/core'
import { readFileSync, writeSync } from 'node:fs'
const [path, readOnly] = process.argv.slice(2)
const readBytes = () => Number(/^rchar: (\\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))[1])
const before = readBytes()
const result = {}
try {
  const db = Database.open(path, { readOnly: readOnly === 'true' })
  result.openBytes = readBytes() - before
  result.count = db.count()
  result.findings = db.verify().findings
  if (readOnly !== 'true') db.put('after', '1')
  db.close()
} catch (error) {
  Object.assign(result, { code: error.code, details: error.details })
}
result.readBytes = readBytes() - before
writeSync(1, JSON.stringify(result))
`

interface Opened {
  readonly count?: number
  readonly findings?: readonly unknown[]
  readonly code?: string
  readonly details?: { readonly file?: string; readonly offset?: number }
  readonly openBytes?: number
  readonly readBytes: number
}

function whyNoCount(): string | undefined {
  try {
    readFileSync('/proc/self/io', 'utf8')
    return undefined
  } catch {
    return 'this system does not count the bytes that a process reads'
  }
}

const REASON = whyNoCount()

describe.skipIf(REASON !== undefined)(
  `a hole of a terabyte${REASON === undefined ? '' : ` (skipped: ${REASON})`}`,
  () => {
    const folder = new ScriptFolder()
    const files: string[] = []
    beforeAll(async () => {
      const script = folder.start(WRITE, { args: [join(folder.path, 'data')] })
      await script.waitForLine('written')
      await script.killed()
      const entries = readdirSync(join(folder.path, 'data'), { recursive: true, withFileTypes: true })
      for (const entry of entries) {
        if (entry.isFile())
          files.push(join(entry.parentPath, entry.name).slice(join(folder.path, 'data/').length))
      }
    }, TIMEOUT_MS)
    afterAll(() => {
      folder.remove()
    })

    it.each([true, false])(
      'at the end of any file, opened read-only: %s',
      { timeout: TIMEOUT_MS },
      async (readOnly) => {
        expect(files.filter((file) => file.endsWith('.wal')).length).toBeGreaterThan(0)
        for (const file of files) {
          const copy = join(folder.path, `copy-${readOnly}-${file.replaceAll('/', '-')}`)
          cpSync(join(folder.path, 'data'), copy, { recursive: true })
          truncateSync(join(copy, file), TERA)
          const { stdout, stderr } = await folder.run(OPEN, { args: [copy, String(readOnly)] })
          const opened = JSON.parse(stdout) as Opened
          expect(opened.readBytes, `${file} ${stderr}`).toBeLessThan(READ_BYTES_MAX)
          if (opened.code === undefined) {
            expect(opened.count, file).toBe(300)
            expect(opened.findings, file).toEqual([])
          } else if (opened.code === 'LDB_CORRUPTION') {
            expect(opened.details?.file, file).toContain(file)
            expect(opened.details?.offset, file).toBeTypeOf('number')
          } else {
            expect([opened.code, file]).toEqual(['LDB_LOCKED', 'LOCK'])
          }
        }
      },
    )
  },
)
