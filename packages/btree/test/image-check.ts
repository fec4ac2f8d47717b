import { expect } from 'vitest'
import { CrashVfs } from './crash-vfs.js'
import { findingsOf, TreeHarness } from './tree-harness.js'
import type { ModelKey } from './tree-harness.js'

/** All entries of a tree, in key order. */
export type Entries = [ModelKey, ModelKey][]

/** Opens the crash image of a tree with pages of 512 bytes, and checks that its entries are one of the allowed states. */
export function checkImage(image: Uint8Array, allowed: readonly (Entries | undefined)[]): void {
  const crash = new CrashVfs('/tree.ldb', image)
  const harness = new TreeHarness({ vfs: crash.vfs, pageBytes: 512, cachePages: 32 })
  const actual = JSON.stringify(harness.actual())
  expect(allowed.map((each) => JSON.stringify(each))).toContain(actual)
  expect(findingsOf(harness.tree)).toEqual([])
  harness.tree.close()
}
