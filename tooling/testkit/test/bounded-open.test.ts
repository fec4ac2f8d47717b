// Strategy: the files of a database are extended to a huge length (sparse), and every integer in its meta blocks is set to large
// values, with recomputed checksums. Then it is opened, read-only and for writing, and its reads are counted.
// Invariants: the amount that an open reads depends on the live data, not on the lengths of files or on lengths stored in them.
// A typed error is an allowed outcome.
import { isLdbError } from '@ldb/base'
import { Database } from '@ldb/core'
import { OverlayVfs } from '@ldb/vfs'
import type { MemoryVfs, Vfs } from '@ldb/vfs'
import { describe, expect, it } from 'vitest'
import { imageVfs } from '../src/corruption/directory-image.js'
import { GOLDEN_ENDINGS, GOLDEN_PATH, makeGolden } from '../src/corruption/golden.js'
import type { Golden } from '../src/corruption/golden.js'
import { repairTree } from '../src/fuzz/repair/tree-repair.js'
import { LayerVfs } from '../src/vfs/layer-vfs.js'
import type { VfsCall } from '../src/vfs/layer-vfs.js'

/** Counts reads. */
class CountingVfs extends LayerVfs {
  reads = 0
  bytes = 0

  constructor(below: Vfs) {
    super(below)
  }

  override around<T>(call: VfsCall, run: () => T): T {
    const result = run()
    if (call.kind === 'read') {
      this.reads++
      // Counts the bytes read, not the bytes requested. Holes count.
      this.bytes += Number(result)
    }
    return result
  }

  override aroundAsync<T>(_call: VfsCall, run: () => Promise<T>): Promise<T> {
    return run()
  }
}

interface Opened {
  readonly reads: number
  readonly bytes: number
  readonly code: string
}

/** Opens a database. Returns the amount read and the outcome. */
function openingOf(vfs: Vfs, readOnly: boolean): Opened {
  const counting = new CountingVfs(new OverlayVfs(vfs))
  let code = 'opened'
  let db: Database | undefined
  try {
    db = Database.open(GOLDEN_PATH, { vfs: counting, readOnly, createIfMissing: false, cacheBytes: 65_536 })
  } catch (error) {
    if (!isLdbError(error)) throw error
    code = error.code
  }
  const { reads, bytes } = counting
  db?.close()
  return { reads, bytes, code }
}

const TERA = 2 ** 40
const goldens: readonly Golden[] = GOLDEN_ENDINGS.map((ending) => makeGolden(1, ending))

function stretched(golden: Golden, path: string, length: number): MemoryVfs {
  const vfs = imageVfs(golden.image)
  const file = vfs.open(path, 'write')
  file.truncate(length)
  file.close()
  return vfs
}

function sizeOf(golden: Golden): number {
  return [...golden.image.files.values()].reduce((sum, bytes) => sum + bytes.length, 0)
}

describe.each(goldens)('an open of a database that was left $ending', (golden) => {
  const paths = [...golden.image.files.keys()]

  it.each(['CATALOG', 'tree.ldb'])('reads no more when %s is a terabyte long', (name) => {
    for (const path of paths.filter((each) => each.endsWith(name))) {
      for (const readOnly of [true, false]) {
        const before = openingOf(imageVfs(golden.image), readOnly)
        expect(before.code).toBe('opened')
        const after = openingOf(stretched(golden, path, TERA), readOnly)
        expect(['opened', 'LDB_CORRUPTION'], path).toContain(after.code)
        expect(after.bytes, path).toBeLessThan(before.bytes + 65_536)
        expect(after.reads, path).toBeLessThan(before.reads + 64)
      }
    }
  })

  it('reads a log once, whatever its length', () => {
    // After a torn record the rest is searched for a record that proves corruption: once, and in large reads.
    const length = 2 ** 24
    for (const path of paths.filter((each) => each.endsWith('.wal'))) {
      const before = openingOf(imageVfs(golden.image), true)
      const after = openingOf(stretched(golden, path, length), true)
      expect(after.bytes, path).toBeLessThan(before.bytes + length + 65_536)
      expect(after.reads, path).toBeLessThan(before.reads + length / 32_768)
    }
  })

  it('reads no more for huge stored integers with correct checksums', () => {
    const most = 4 * sizeOf(golden) + 2 ** 20
    const answers = new Set<string>()
    for (const path of paths.filter((each) => each.endsWith('keyspaces/1/tree.ldb'))) {
      const sound = golden.image.files.get(path) as Uint8Array
      for (let at = 0; at < 256; at += 4) {
        for (const value of [0xffff_ffff, 0x7fff_ffff, 0x001f_ffff]) {
          const forged = sound.slice()
          const view = new DataView(forged.buffer)
          view.setUint32(at, value, true)
          view.setUint32(at + 4096, value, true)
          repairTree(forged)
          const files = new Map([...golden.image.files, [path, forged]])
          const opened = openingOf(imageVfs({ ...golden.image, files }), at % 8 === 0)
          expect(opened.bytes, `${value} at ${at}`).toBeLessThan(most)
          answers.add(opened.code)
        }
      }
    }
    expect(answers).toContain('LDB_CORRUPTION')
  })
})
