import { corruption } from '@ldb/base'
import type { DataKeys } from '@ldb/integrity'
import { MemoryVfs, OverlayVfs } from '@ldb/vfs'
import { verifyWal, Wal } from '@ldb/wal'
import type { WalOptions } from '@ldb/wal'
import { seededRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'
import { readFile } from '../corruption/directory-image.js'
import { logRecords } from '../corruption/log-layout.js'
import { MemoryFiles } from './memory-files.js'
import { sweepKeys } from './sweep-keys.js'
import { isRefused, reportedBy } from './sweep-target.js'
import type { SweepTarget, TargetFile } from './sweep-target.js'

const DIRECTORY = 'log'
const PATH = `${DIRECTORY}/0000000001.wal`
const RECORDS = 24
const HEADER_BYTES = 4096
/** The seal, and the beginning of the records. */
const SEAL = { start: 4096, end: 4152 }

/** A log that was closed: one segment with records of all lengths. */
export function logTarget(seed: number, isEncrypted: boolean): SweepTarget {
  const keys = isEncrypted ? sweepKeys(seed) : undefined
  const options = optionsOf(keys)
  const { vfs, payloads } = build(seed, options)
  const other = readFile(build(seed, options, seed + 1000).vfs, PATH)
  const files = new MemoryFiles(vfs)
  return {
    name: `log${isEncrypted ? ', encrypted' : ''}, seed ${seed}`,
    files: [fileOf(readFile(vfs, PATH), other)],
    patch: (path, bytes, start) => {
      files.patch(path, bytes, start)
    },
    truncate: (path, length) => {
      files.truncate(path, length)
    },
    verify: () =>
      reportedBy((sink) => {
        verifyWal(vfs, DIRECTORY, sink, undefined, undefined, options.createCipher)
      }),
    read: () =>
      isRefused(() => {
        readAll(vfs, options, payloads)
      }),
    close: () => {
      files.close()
    },
  }
}

function fileOf(bytes: Uint8Array, other: Uint8Array): TargetFile {
  const records = logRecords(bytes)
  return {
    path: PATH,
    bytes,
    live: [{ start: 0, end: HEADER_BYTES }, SEAL, ...records],
    units: records,
    groups: [],
    foreign: [other],
    // Most of the header is reserved: zeros.
    flipStep: 3,
    mustReportCuts: true,
  }
}

function optionsOf(keys: DataKeys | undefined): WalOptions {
  const options = { preallocateBytes: 0 }
  return keys === undefined ? options : { ...options, createCipher: (id) => keys.cipherOf('log', id) }
}

function build(
  seed: number,
  options: WalOptions,
  idSeed: number = seed,
): { vfs: MemoryVfs; payloads: readonly Uint8Array[] } {
  const random = seededRandom(seed)
  const vfs = new MemoryVfs({ seed: idSeed })
  const wal = Wal.open(vfs, DIRECTORY, { ...options, create: true })
  const payloads: Uint8Array[] = []
  for (let seq = 1; seq <= RECORDS; seq++) {
    const payload = random.bytes(seq % 8 === 7 ? 300 : 20 + random.below(40))
    payloads.push(payload)
    wal.append(payload, { type: 1, seq })
    if (random.chance(0.5)) wal.sync()
  }
  wal.close()
  return { vfs, payloads }
}

function readAll(vfs: MemoryVfs, options: WalOptions, payloads: readonly Uint8Array[]): void {
  const wal = Wal.open(new OverlayVfs(vfs), DIRECTORY, { ...options, create: false })
  try {
    const reader = wal.read(wal.firstLsn)
    let count = 0
    try {
      while (reader.next()) {
        const expected = payloads[count++]
        const isRight = expected !== undefined && Buffer.compare(reader.payload, expected) === 0
        assertGuarantee(isRight && reader.seq === count, () => `record ${count} has another content`)
      }
    } finally {
      reader.close()
    }
    // The end of a log whose seal is lost is a torn one. The owner knows from its checkpoints how far it went.
    if (count < payloads.length) throw corruption(PATH, 0, 'records are lost')
  } finally {
    wal.close()
  }
}
