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
/** Memory of WebAssembly begins at a page of the machine, as direct reads demand; a page of its own has 64 KiB. */
const ROOM = { initial: 1 }

declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer }
}

/** Reads at random places past the system's cache: what a miss costs that no memory softens. */
export const deviceReads: Probe = {
  id: 'outgrown-device',
  title: 'Random reads that the device has to answer',
  run(effort, dir): Promise<Finding[]> {
    const path = join(dir, 'file')
    write(path, FILE_BYTES[effort])
    const file = openSync(path, constants.O_RDONLY | constants.O_DIRECT)
    const target = new Uint8Array(new WebAssembly.Memory(ROOM).buffer)
    const random = new Xorshift(SEED)
    const findings = SIZES.map((kibibytes): Finding => {
      const byteCount = kibibytes * KIBIBYTE
      const places = FILE_BYTES[effort] / byteCount
      const rounds = Array.from({ length: ROUNDS }, () => {
        const start = performance.now()
        for (let i = 0; i < READS_A_ROUND[effort]; i++) {
          readSync(file, target, 0, byteCount, Math.floor(random.next() * places) * byteCount)
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
