// A device that fills up: acknowledged commits survive, and the failing commit reports LDB_NO_SPACE.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'

const CHILD = fileURLToPath(new URL('children/fill-device.mjs', import.meta.url))
const run = promisify(execFile)

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-full-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

/** Runs a shell script in which `$CHILD` fills the device. */
async function fill(
  script: string,
  command: readonly string[] = ['bash', '-c'],
): Promise<Record<string, unknown>> {
  const [program, ...args] = command as [string, ...string[]]
  const environment = { ...process.env, NODE: process.execPath, CHILD, ROOT: root }
  const { stdout, stderr } = await run(program, [...args, script], { env: environment })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Record<string, unknown>
}

function checkLeft(path: string, outcome: Record<string, unknown>): void {
  const acknowledged = outcome['acknowledged'] as number
  expect(outcome['code'], String(outcome['message'])).toBe('LDB_NO_SPACE')
  expect(acknowledged).toBeGreaterThan(10)
  const db = Database.open(path)
  try {
    const last = Number(db.get('last'))
    expect(last).toBeGreaterThanOrEqual(acknowledged)
    expect(last).toBeLessThanOrEqual(acknowledged + 1)
    expect(db.count({ prefix: 'key' })).toBe(last)
    expect(db.get(`key${last}`)).toHaveLength(5_000)
    expect(db.verify().findings).toEqual([])
    db.put('after', 'there is space again')
  } finally {
    db.close()
  }
}

describe('a limit of the file size, which causes short writes', () => {
  it.each([
    ['full', 2_000],
    ['full', 6_000],
    ['periodic', 20_000],
    ['none', 6_000],
  ] as const)('at %s and %i KiB', async (durability, limit) => {
    const outcome = await fill(`ulimit -f ${limit}; "$NODE" "$CHILD" "$ROOT/data" ${durability}`)
    checkLeft(join(root, 'data'), outcome)
  })
})

/** Reports whether mounts are permitted. Without them, only the limit above is tested. */
function mayMount(): boolean {
  try {
    const script = `mount -t tmpfs -o size=1m tmpfs "$0"`
    execFileSync('unshare', ['-rm', 'sh', '-c', script, root], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe('a small device', () => {
  it.each([[6], [12]])('of %i MiB', async (sizeMib) => {
    if (!mayMount()) return
    mkdirSync(join(root, 'mount'))
    const script = [
      `mount -t tmpfs -o size=${sizeMib}m tmpfs "$ROOT/mount"`,
      '"$NODE" "$CHILD" "$ROOT/mount/data" full',
      'cp -r "$ROOT/mount/data" "$ROOT/data"',
    ].join(' && ')
    const outcome = await fill(script, ['unshare', '-rm', 'sh', '-c'])
    checkLeft(join(root, 'data'), outcome)
  })
})
