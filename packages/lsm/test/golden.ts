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

/** Changes of the golden store with tables of loads: below other tables, and in level 0. Never change them. */
const LOADED_STEPS: readonly ((harness: LsmHarness) => void)[] = [
  (harness) => {
    for (let index = 0; index < 40; index++) harness.put(`city-${String(index).padStart(4, '0')}`, 'put')
    harness.load(cities(100, 200, 'loaded'))
  },
  (harness) => {
    harness.put('city-0120', 'newer')
    harness.deleteRange('city-0130', 'city-0135')
    harness.load(cities(20, 134, 'again'))
  },
]

/** The golden stores, by the folder of their files. */
export const GOLDEN = { store: STEPS, loaded: LOADED_STEPS } as const

function cities(from: number, to: number, value: string): [string, string][] {
  return Array.from({ length: to - from }, (_, index) => [
    `city-${String(from + index).padStart(4, '0')}`,
    `${value} ${index}`,
  ])
}

/** Writes a golden store with the present code. The last step of one whose compression is not the default is a compaction. */
export function writeGolden(
  name: keyof typeof GOLDEN,
  compression?: LsmTreeOptions['compression'],
): {
  readonly files: Map<string, Uint8Array>
  readonly harness: LsmHarness
} {
  const vfs = new MemoryVfs({ seed: 1 })
  const harness = new LsmHarness(compression === undefined ? OPTIONS : { ...OPTIONS, compression }, vfs)
  for (const step of GOLDEN[name]) {
    step(harness)
    harness.store.checkpoint()
  }
  if (compression !== undefined) harness.store.compact()
  harness.store.close()
  return { files: new Map(vfs.list('store').map((name) => [name, fileBytes(vfs, `store/${name}`)])), harness }
}
