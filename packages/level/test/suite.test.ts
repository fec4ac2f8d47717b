// The suite of abstract-level, with every flag of its manifest, on the database and on a sublevel.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { LdbLevel } from '../src/index.js'
import { runSuite } from './abstract-level-suite.js'

/** The suite compares the options that hooks get with those that it has passed, so that these are added later. */
function levelWith(defaults: object): new (location: string, options?: object) => object {
  return class extends LdbLevel {
    readonly #vfs = new MemoryVfs()

    override _open(options: Readonly<Record<string, unknown>>): Promise<void> {
      return super._open({
        ...options,
        ...defaults,
        vfs: this.#vfs,
        cacheBytes: 262_144,
        memtableBytes: 65_536,
      })
    }
  }
}

const CONFIGURATIONS = ['btree', 'lsm'].flatMap((engine) =>
  ['periodic', 'full'].map((durability) => ({ engine, durability })),
)

test.each(CONFIGURATIONS)('passes with engine $engine at $durability', async (defaults) => {
  const Level = levelWith(defaults)
  const report = await runSuite((options) => new Level('database', options) as never)
  expect(report.failures).toEqual([])
  expect(report.assertionCount).toBe(5168)
})
