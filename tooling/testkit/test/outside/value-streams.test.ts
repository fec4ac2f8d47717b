// Strategy: real processes put values as streams, and are killed at random times, or run on a device that becomes full.
// Invariants: what was acknowledged is there and complete; other puts have written all or nothing; no file is left of those that failed; a value
// takes no more memory than some parts of it.
import { readdirSync, statfsSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { ScriptFolder } from '../../src/outside/script-folder.js'
import { SmallDevice, whyNoDevice } from './small-device.js'

const TIMEOUT_MS = 120_000
const ROUNDS = 4
const REASON = whyNoDevice()

const COMMON = `
import { AsyncDatabase } from '@ldb/core'
import { writeSync } from 'node:fs'
const [path, ...args] = process.argv.slice(2)
const print = (line) => writeSync(1, line + '\\n')
const PART = 200_000
function partOf(seed, index, byteCount) {
  return new Uint8Array(byteCount).fill((seed * 31 + index * 7) & 255)
}
async function* source(seed, byteCount) {
  for (let at = 0; at < byteCount; at += PART) yield partOf(seed, at / PART, Math.min(PART, byteCount - at))
}
const db = await AsyncDatabase.open(path)
const values = await db.keyspace('values', { values: 'binary' })
`

/** Puts values of ascending numbers under eight keys until it is killed. Argument: first number. */
const PUT = `${COMMON}
for (let seed = Number(args[0]); ; seed++) {
  await values.putStream('k' + (seed % 8), source(seed, 300_000 + (seed * 1_234_567) % 5_000_000))
  print(String(seed))
}
`

/** Checks all values, and prints the number of each, and the bytes of the blob files after a compaction. */
const CHECK = `${COMMON}
const seeds = {}
let liveBytes = 0
for await (const key of values.keys()) {
  const stream = await values.getStream(key)
  liveBytes += stream.byteLength
  let bytes = new Uint8Array(0)
  const parts = []
  for await (const part of stream) parts.push(part)
  const value = Buffer.concat(parts)
  for (let seed = Number(key.slice(1)); ; seed += 8) {
    if (300_000 + (seed * 1_234_567) % 5_000_000 !== value.length) continue
    let isEqual = true
    for (let at = 0; at < value.length && isEqual; at += PART) {
      isEqual = value.subarray(at, at + PART).equals(partOf(seed, at / PART, Math.min(PART, value.length - at)))
    }
    if (isEqual) { seeds[key] = seed; break }
    if (seed > 100_000) throw new Error('a wrong value of ' + key)
  }
}
const { findings } = await db.verify()
await db.compact()
const { fileBytes } = db.sync.stats().blobs ?? { fileBytes: 0 }
await db.close()
print(JSON.stringify({ seeds, findings, isBounded: fileBytes <= 1.1 * liveBytes + 100_000 }))
`

/** Fills the device with streamed values. */
const FILL = `${COMMON}
let seed = 0
try {
  for (;; seed++) await values.putStream('v' + seed, source(seed, 3_000_000))
} catch (error) {
  print(JSON.stringify({ seed, code: error.code }))
}
await values.delete('v0')
await db.checkpoint()
await values.putStream('v0', source(0, 2_000_000))
const { findings } = await db.verify()
print(JSON.stringify({ count: await values.count(), findings }))
await db.close()
`

/** Writes and reads a long value, and prints the growth of the resident memory. */
const LONG = `${COMMON}
const byteCount = 400_000_000
await values.putStream('warm', source(1, 20_000_000))
const before = process.memoryUsage().rss
let most = 0
const note = () => { most = Math.max(most, process.memoryUsage().rss - before) }
async function* noted() { for await (const part of source(7, byteCount)) { note(); yield part } }
await values.putStream('long', noted())
let read = 0
for await (const part of await values.getStream('long')) { read += part.length; note() }
await db.close()
print(JSON.stringify({ read, isBounded: most < 150_000_000 }))
`

describe('values as streams', () => {
  const folder = new ScriptFolder()
  let device: SmallDevice | undefined
  afterEach(() => {
    device?.remove()
    device = undefined
  })
  afterAll(() => {
    folder.remove()
  })

  it(
    'of a process that is killed are complete, or absent without a trace',
    { timeout: TIMEOUT_MS },
    async () => {
      const path = `${folder.path}/killed`
      let acknowledged = -1
      for (let round = 0; round < ROUNDS; round++) {
        const first = acknowledged + 2
        const script = folder.start(PUT, { args: [path, String(first)] })
        await script.waitForLine(String(first + (round % 3) * 4))
        await new Promise((resolve) => setTimeout(resolve, (round * 37) % 60))
        await script.killed()
        const seen = script.stdout.trim().split('\n').map(Number)
        acknowledged = Math.max(...seen)
        const { code, stdout, stderr } = await folder.run(CHECK, { args: [path] })
        expect(code, stderr).toBe(0)
        const { seeds, findings, isBounded } = JSON.parse(stdout) as {
          seeds: Record<string, number>
          findings: unknown[]
          isBounded: boolean
        }
        expect({ findings, isBounded }).toEqual({ findings: [], isBounded: true })
        for (const seed of seen.slice(-8)) expect(seeds[`k${seed % 8}`]).toBeGreaterThanOrEqual(seed)
        for (const seed of Object.values(seeds)) expect(seed).toBeLessThanOrEqual(acknowledged + 1)
        expect(readdirSync(`${path}/blobs`).filter((name) => name.endsWith('.new'))).toEqual([])
      }
    },
  )

  it('take no more memory than some parts', { timeout: TIMEOUT_MS }, async () => {
    const { code, stdout, stderr } = await folder.run(LONG, { args: [`${folder.path}/long`] })
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ read: 400_000_000, isBounded: true })
  })

  it.skipIf(REASON !== undefined)(
    `on a full device leave nothing behind, and return their space${REASON === undefined ? '' : ` (skipped: ${REASON})`}`,
    { timeout: TIMEOUT_MS },
    async () => {
      device = new SmallDevice(48)
      const { code, stdout, stderr } = await folder.run(FILL, { args: [`${device.path}/data`] })
      expect(code, stderr).toBe(0)
      const [failed, after] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
      expect(failed?.['code']).toBe('LDB_NO_SPACE')
      expect(failed?.['seed']).toBeGreaterThan(10)
      expect(after).toEqual({ count: failed?.['seed'], findings: [] })
      expect(statfsSync(device.path).bavail).toBeGreaterThan(0)
      expect(readdirSync(`${device.path}/data/blobs`).filter((name) => name.endsWith('.new'))).toEqual([])
    },
  )
})
