// Strategy: large databases in child processes and in memory, measured.
// Invariants: memory stays within its bounds, files shrink when data are deleted, and a clean open reads a constant
// number of bytes.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '../src/database.js'
import { FaultyVfs } from './faulty-vfs.js'

const MIB = 1_048_576
const run = promisify(execFile)

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ldb-sizes-'))
})
afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

async function runChild(name: string, ...args: (string | number)[]): Promise<Record<string, unknown>> {
  const script = fileURLToPath(new URL(`children/${name}`, import.meta.url))
  const { stdout, stderr } = await run(process.execPath, [script, ...args.map(String)])
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('memory', () => {
  it('stays below 300 MiB for 1,000,000 entries of 16 and 100 bytes with a cache of 64 MiB', async () => {
    const figures = await runChild('sizes.mjs', join(root, 'data'), 1_000_000, 64 * MIB)
    expect(figures).toMatchObject({ wrong: 0, scanned: 1_000_000, counted: 1_000_000 })
    expect(figures['rssMax']).toBeLessThan(300 * MIB)
  })

  it('suffices for a database of ten times the cache', async () => {
    const figures = await runChild('sizes.mjs', join(root, 'data'), 200_000, 2 * MIB)
    expect(figures).toMatchObject({ wrong: 0, scanned: 200_000, counted: 200_000 })
    expect(figures['fileBytes']).toBeGreaterThan(20 * MIB)
    expect(figures['rssMax']).toBeLessThan(200 * MIB)
  })
})

describe('files', () => {
  it('stay near the live data when it is rewritten, and near nothing when it is deleted', async () => {
    const rounds = Number(process.env['LDB_REWRITE_ROUNDS'] ?? 8)
    const figures = await runChild('rewrite.mjs', join(root, 'data'), 100_000, rounds)
    const { liveBytes, pageBytesLive } = figures as { liveBytes: number; pageBytesLive: number }
    expect(figures['ok']).toBe(true)
    expect(figures['fileBytesEnd']).toBeLessThan(2.5 * liveBytes)
    // Until a checkpoint is durable, the file holds its version of a changed page, the one before, and the one of a later commit.
    expect(figures['fileBytesMax']).toBeLessThan(3.5 * pageBytesLive)
    expect(figures['fileBytesCleared']).toBeLessThan(100_000)
    expect(figures['fileBytesDeleted']).toBeLessThan(100_000)
  })
})

describe('an open after a clean close (R6)', () => {
  /** Returns the bytes that an open, one read and a close read from files. */
  function bytesToOpen(entryCount: number): number {
    const vfs = new FaultyVfs()
    let db = Database.open('data', { vfs, durability: 'none' })
    for (let index = 0; index < entryCount;) {
      const batch = db.batch()
      for (let left = 1_000; left > 0 && index < entryCount; left--, index++) {
        batch.put(`key${index}`, 'v'.repeat(100))
      }
      batch.commit()
    }
    db.checkpoint()
    db.close()
    vfs.bytesRead = 0
    db = Database.open('data', { vfs })
    const { bytesRead } = vfs
    expect(db.count()).toBe(entryCount)
    db.close()
    return bytesRead
  }

  it('reads a number of bytes that does not depend on the size', () => {
    const [small, large] = [bytesToOpen(1), bytesToOpen(120_000)]
    expect(small).toBeLessThan(64 * 1_024)
    expect(large - small).toBeLessThan(8_192)
  })
})
