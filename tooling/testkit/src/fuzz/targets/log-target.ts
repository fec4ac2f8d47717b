import { MemoryVfs } from '@ldb/vfs'
import { verifyWal, Wal } from '@ldb/wal'
import { readFile, writeFile } from '../../corruption/directory-image.js'
import { assertGuarantee } from '../../base/violation.js'
import type { FuzzTarget } from './fuzz-target.js'
import { repairSegment } from '../repair/log-repair.js'

const DIRECTORY = 'log'
const SEGMENT = `${DIRECTORY}/0000000001.wal`
const RECORDS_START = 8192

/** A log segment: recovery, reader, verification, and reopening. */
export const logTarget: FuzzTarget = {
  name: 'log',
  samples: () => [sampleLog(true), sampleLog(false)],
  bytesMax: 10_000,
  codes: ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_TOO_LARGE'],
  inputsPerCase: 1_500,
  run(input) {
    const vfs = new MemoryVfs()
    vfs.makeDirectory(DIRECTORY)
    writeFile(vfs, SEGMENT, input)
    verifyWal(vfs, DIRECTORY, { finding: () => undefined, progress: () => undefined })
    const first = readLog(vfs)
    const second = readLog(vfs)
    assertGuarantee(first === second, () => 'a log returns other records when it is opened again')
  },
  repair: repairSegment,
  mutate(input, random) {
    // Target headers and lengths: most of a segment is zeros.
    const at = random.pick([
      random.below(152),
      4096 + random.below(56),
      RECORDS_START + random.below(input.length - RECORDS_START),
    ])
    if (at < input.length)
      input[at] = random.chance(0.5) ? random.below(256) : (input[at] ?? 0) ^ (1 << random.below(8))
  },
}

/** Opens a log and closes it without a seal, as after a crash. Returns a description of its records. */
function readLog(vfs: MemoryVfs): string {
  const wal = Wal.open(vfs, DIRECTORY, { create: false, preallocateBytes: 0 })
  try {
    const reader = wal.read(wal.firstLsn)
    const records: string[] = []
    try {
      while (reader.next()) records.push(`${reader.type}:${reader.seq}:${reader.payload.length}`)
    } finally {
      reader.close()
    }
    return records.join()
  } finally {
    wal.close({ clean: false })
  }
}

function sampleLog(clean: boolean): Uint8Array {
  const vfs = new MemoryVfs()
  const wal = Wal.open(vfs, DIRECTORY, { create: true, preallocateBytes: 0 })
  for (let seq = 1; seq <= 6; seq++) {
    wal.append(new Uint8Array(seq * 13).fill(seq), { type: 1, seq })
    if (seq % 2 === 0) wal.sync()
  }
  wal.close({ clean })
  return readFile(vfs, SEGMENT)
}
