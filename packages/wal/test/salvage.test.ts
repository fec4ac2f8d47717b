import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { salvageLog, Wal } from '../src/index.js'
import type { LogLoss, LogSalvageReport } from '../src/index.js'

/**
 * Strategy: a log of several segments loses a record, a header, a seal or a file.
 * Invariants: the records that are intact are read in order; a loss is reported where one is proved, and the end of a log that was left
 * open is none.
 */

/** Writes the records 1 to 12, three to a segment. */
function write(vfs: MemoryVfs, isClosed: boolean): void {
  const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
  for (let seq = 1; seq <= 12; seq++) {
    wal.append(new Uint8Array(256).fill(seq), { seq: seq as never, type: 1 })
    wal.sync()
  }
  wal.close({ clean: isClosed })
}

interface Salvaged {
  readonly seqs: readonly number[]
  readonly losses: readonly LogLoss[]
  readonly report: LogSalvageReport
}

function salvage(vfs: MemoryVfs): Salvaged {
  const seqs: number[] = []
  const losses: LogLoss[] = []
  const report = salvageLog(vfs, 'log', {
    record: ({ seq, payload }) => {
      expect(payload.every((byte) => byte === seq)).toBe(true)
      seqs.push(seq)
      return true
    },
    loss: (loss) => losses.push(loss),
  })
  return { seqs, losses, report }
}

function flip(vfs: MemoryVfs, path: string, offset: number): void {
  const file = vfs.open(path, 'write')
  const byte = new Uint8Array(1)
  file.read(byte, 0, 1, offset)
  byte[0]! ^= 1
  file.write(byte, 0, 1, offset)
  file.close()
}

const ALL = Array.from({ length: 12 }, (_, index) => index + 1)

test.each([true, false])('an intact log is read as a whole; closed: %s', (isClosed) => {
  const vfs = new MemoryVfs()
  write(vfs, isClosed)
  const { seqs, losses, report } = salvage(vfs)
  expect(seqs).toEqual(ALL)
  expect(losses).toEqual([])
  expect(report).toMatchObject({ lastSeq: 12, recordCount: 12, isComplete: true, mayLackEnd: false })
})

test.each([8192 + 4, 8192 + 9, 8192 + 40])('a damaged record at byte %i loses itself', (offset) => {
  const vfs = new MemoryVfs()
  write(vfs, true)
  const [path = ''] = vfs.list('log').slice(1, 2)
  flip(vfs, `log/${path}`, offset)
  const { seqs, losses, report } = salvage(vfs)
  expect(seqs.length).toBe(11)
  expect(losses).toMatchObject([{ file: `log/${path}`, offset: 8192 }])
  expect(report).toMatchObject({ lastSeq: 12, isComplete: false, mayLackEnd: false })
})

test('a damaged header of any segment loses nothing, whatever byte it is', () => {
  for (const offset of [0, 9, 13, 26, 45, 60, 66, 80, 98, 110, 150, 4090]) {
    const vfs = new MemoryVfs()
    write(vfs, true)
    for (const name of vfs.list('log').slice(1)) {
      flip(vfs, `log/${name}`, offset)
      const { seqs, losses } = salvage(vfs)
      expect({ name, offset, seqs, losses }).toEqual({ name, offset, seqs: ALL, losses: [] })
      flip(vfs, `log/${name}`, offset)
    }
  }
})

test('the first bad record of a log that was left open ends it, unless a later one proves that it was synced', () => {
  const vfs = new MemoryVfs()
  write(vfs, false)
  const name = vfs.list('log').at(-1) ?? ''
  const count = salvage(vfs).seqs.length
  // The last record.
  const file = vfs.open(`log/${name}`, 'read')
  const last = file.length() - 288
  file.close()
  flip(vfs, `log/${name}`, last + 60)
  const { seqs, losses, report } = salvage(vfs)
  expect(seqs.length).toBe(count - 1)
  expect({ losses, isComplete: report.isComplete }).toEqual({ losses: [], isComplete: true })
})

test('a missing segment is reported; when it is the last one, the end is unknown', () => {
  const vfs = new MemoryVfs()
  write(vfs, true)
  const names = vfs.list('log')
  vfs.remove(`log/${names[1] ?? ''}`)
  const middle = salvage(vfs)
  expect(middle.losses.length).toBeGreaterThan(0)
  expect(middle.report).toMatchObject({ lastSeq: 12, mayLackEnd: false })
  expect(middle.seqs.at(-1)).toBe(12)
  vfs.remove(`log/${names.at(-1) ?? ''}`)
  const end = salvage(vfs)
  expect(end.report.mayLackEnd).toBe(true)
  for (const name of vfs.list('log')) vfs.remove(`log/${name}`)
  expect(salvage(vfs).report).toMatchObject({ lastSeq: 0, mayLackEnd: true, isComplete: false })
})

test('a record that the receiver refuses ends the log', () => {
  const vfs = new MemoryVfs()
  write(vfs, false)
  let count = 0
  const report = salvageLog(vfs, 'log', { record: () => ++count < 5, loss: () => undefined })
  expect(report.recordCount).toBe(4)
})
