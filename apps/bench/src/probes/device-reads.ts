import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Finding, Probe } from '../model/probe.js'
import { Xorshift } from '../data/random-picks.js'
import { median } from '../measure/statistics.js'

const KIBIBYTE = 1024
const MEBIBYTE = KIBIBYTE * KIBIBYTE
const FILE_BYTES = { tiny: 4 * MEBIBYTE, quick: 128 * MEBIBYTE, normal: 512 * MEBIBYTE, full: 512 * MEBIBYTE }
const READS_A_ROUND = { tiny: 20, quick: 1000, normal: 2000, full: 2000 }
const ROUNDS = 5
const SEED = 362_436_069
const SIZES = [4, 8, 64]
/** WebAssembly memory is page-aligned, as direct reads require; one WebAssembly page has 64 KiB. */
const MEMORY_SIZE = { initial: 1 }

declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
}

/** Reads at random offsets with O_DIRECT, past the system's page cache: the cost of a miss that the device answers. */
export const deviceReads: Probe = {
  id: 'larger-than-memory-device',
  title: 'Random reads from the device, past the page cache',
  run(effort, dir): Promise<Finding[]> {
    const path = join(dir, 'file')
    write(path, FILE_BYTES[effort])
    const file = openSync(path, constants.O_RDONLY | constants.O_DIRECT)
    const target = new Uint8Array(new WebAssembly.Memory(MEMORY_SIZE).buffer)
    const random = new Xorshift(SEED)
    const findings = SIZES.map((kibibytes): Finding => {
      const byteCount = kibibytes * KIBIBYTE
      const blockCount = FILE_BYTES[effort] / byteCount
      const rounds = Array.from({ length: ROUNDS }, () => {
        const start = performance.now()
        for (let i = 0; i < READS_A_ROUND[effort]; i++) {
          readSync(file, target, 0, byteCount, Math.floor(random.next() * blockCount) * byteCount)
        }
        return ((performance.now() - start) * 1000) / READS_A_ROUND[effort]
      })
      return { name: `${kibibytes} KiB`, value: median(rounds), unit: 'µs' }
    })
    closeSync(file)
    return Promise.resolve(findings)
  },
}

function write(path: string, byteCount: number): void {
  const bytes = new Uint8Array(MEBIBYTE).fill(1)
  const file = openSync(path, 'w')
  for (let offset = 0; offset < byteCount; offset += bytes.length) writeSync(file, bytes)
  closeSync(file)
}
