import { MemoryVfs } from '@ldb/vfs'
import type { ModelKey } from './tree-harness.js'
import { TreeHarness } from './tree-harness.js'

export const GOLDEN_PAGE_BYTES = 512

/** A receiver of the golden changes: a map or a tree. */
interface Target {
  put(key: ModelKey, value: ModelKey): void
  delete(key: ModelKey): void
}

/** Returns a key with a prefix so long that separators need extents. */
function longKey(index: number): ModelKey {
  return `${'long'.repeat(20)}${String(index).padStart(3, '0')}`
}

/** Changes up to the first and the second checkpoint of the golden tree. Never change them: the golden file depends on them. */
const STEPS: readonly ((target: Target) => void)[] = [
  (target) => {
    for (let index = 0; index < 90; index += 1)
      target.put(`city-${String(index * 7).padStart(4, '0')}`, `value ${index}`)
    for (let index = 0; index < 12; index += 1) target.put(longKey(index), 'x'.repeat(index * 9))
    target.put('', 'the empty key')
    target.put('\u0000\u0000', 'zeros')
    target.put('\u00ff\u00ff', 'ones')
    for (let index = 0; index < 3; index += 1)
      target.put(`run-${index}`, `${index}`.repeat(500 + index * 480))
    for (let index = 0; index < 20; index += 1) target.put(`gone-${index}`, 'y'.repeat(60))
  },
  (target) => {
    for (let index = 0; index < 20; index += 1) target.delete(`gone-${index}`)
    for (let index = 0; index < 90; index += 3)
      target.put(`city-${String(index * 7).padStart(4, '0')}`, `changed ${index}`)
    target.delete('run-1')
    target.put('run-2', 'z'.repeat(900))
  },
]

/** Returns the entries of the golden tree at checkpoint 0 (the first) or 1, in order. */
export function goldenEntries(checkpoint: number): [ModelKey, ModelKey][] {
  const map = new Map<ModelKey, ModelKey>()
  const target: Target = { put: (key, value) => map.set(key, value), delete: (key) => map.delete(key) }
  for (const step of STEPS.slice(0, checkpoint + 1)) step(target)
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Writes the golden tree with the present code. Returns the content of the file after each checkpoint. */
export function writeGolden(): Uint8Array[] {
  const vfs = new MemoryVfs({ seed: 1 })
  const harness = new TreeHarness({ vfs, pageBytes: GOLDEN_PAGE_BYTES, cachePages: 200 })
  const images = STEPS.map((step) => {
    step(harness)
    harness.tree.checkpoint()
    return contentOf(vfs, harness.path)
  })
  harness.tree.close()
  return images
}

/** Returns the content of a file. */
export function contentOf(vfs: MemoryVfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}
