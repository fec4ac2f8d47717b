import { MemoryVfs } from '@ldb/vfs'
import type { LsmTreeOptions } from '../src/index.js'
import { fileBytes, LsmHarness } from './lsm-harness.js'

/** Sizes of the golden store. Never change them: the golden files depend on them. */
const OPTIONS = { memtableBytes: 4096, blockBytes: 256, tableBytes: 2048, levelBaseBytes: 4096 }

/** Changes up to the two checkpoints of the golden store. Never change them. */
const STEPS: readonly ((harness: LsmHarness) => void)[] = [
  (harness) => {
    for (let index = 0; index < 150; index++) {
      harness.put(`city-${String((index * 37) % 150).padStart(4, '0')}`, `value ${index}`)
    }
    harness.put('', 'the empty key')
    harness.put('\u00ff\u00ff', 'ones')
    harness.put('large', 'x'.repeat(3000))
    for (let index = 0; index < 20; index++) harness.delete(`city-00${index + 20}`)
  },
  (harness) => {
    harness.deleteRange('city-0100', 'city-0110')
    for (let index = 0; index < 30; index++) harness.put('often', `version ${index}`)
    harness.put('city-0105', 'after the delete')
    harness.deleteRange('z')
  },
]

/** Writes the golden store with the present code. The last step of one whose compression is not the default is a compaction. */
export function writeGolden(compression?: LsmTreeOptions['compression']): {
  readonly files: Map<string, Uint8Array>
  readonly harness: LsmHarness
} {
  const vfs = new MemoryVfs({ seed: 1 })
  const harness = new LsmHarness(compression === undefined ? OPTIONS : { ...OPTIONS, compression }, vfs)
  for (const step of STEPS) {
    step(harness)
    harness.store.checkpoint()
  }
  if (compression !== undefined) harness.store.compact()
  harness.store.close()
  return { files: new Map(vfs.list('store').map((name) => [name, fileBytes(vfs, `store/${name}`)])), harness }
}
