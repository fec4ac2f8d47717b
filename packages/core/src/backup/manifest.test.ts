import { isLdbError, writeU32 } from '@ldb/base'
import { SEED_ZERO, xxHash64 } from '@ldb/integrity'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BACKUP_OFFSET_BODY_CHECKSUM, BACKUP_OFFSET_FILE_BYTES, BackupRole } from '../format.js'
import { decodeManifest, encodeManifest } from './manifest.js'
import type { BackupFile, BackupManifest } from './manifest.js'

const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
const u64 = fc.nat({ max: Number.MAX_SAFE_INTEGER })

const files = fc.uniqueArray(
  fc
    .tuple(
      fc.constantFrom(...Object.values(BackupRole)),
      fc.nat(),
      u64,
      fc.nat({ max: 40_000 }),
      fc.nat({ max: 7 }),
      u64,
      id,
    )
    .map(([role, keyspaceId, number, length, power, durableSeq, segmentId]): BackupFile => {
      const blockBytes = 512 * 2 ** power
      const blockCount = Math.ceil(length / blockBytes)
      const stored = Uint8Array.from(
        { length: Math.ceil(blockCount / 8) },
        (_, at) => (at * 37 + number) % 256,
      )
      const bits = [...stored].reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0)
      const checksums = Uint8Array.from({ length: blockCount * 8 }, (_, at) => at % 251)
      return {
        role,
        keyspaceId,
        number,
        length,
        blockBytes,
        durableSeq,
        segmentId,
        stored,
        storedCount: bits,
        checksums,
      }
    }),
  { selector: ({ role, keyspaceId, number }) => `${role} ${keyspaceId} ${number}`, maxLength: 4 },
)

const manifests = fc
  .record({
    databaseId: id,
    branchId: id,
    backupId: id,
    parentId: id,
    createdAt: u64,
    number: fc.nat(),
    files,
    seqs: fc.tuple(u64, u64, u64),
  })
  .map(({ seqs, ...rest }): BackupManifest => {
    const [logSeq = 0, firstSeq = 0, seq = 0] = [...seqs].sort((left, right) => left - right)
    return { ...rest, logSeq, firstSeq, seq }
  })

function codeOf(bytes: Uint8Array): string {
  try {
    decodeManifest(bytes, 'BACKUP')
    return 'none'
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
}

describe('a backup manifest', () => {
  it('is decoded as it was encoded', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        expect(decodeManifest(encodeManifest(manifest), 'BACKUP')).toEqual(manifest)
      }),
      { numRuns: 100 },
    )
  })

  it('is damaged when any byte is', () => {
    const [manifest] = fc.sample(manifests, { numRuns: 1, seed: 5 }) as [BackupManifest]
    const bytes = encodeManifest(manifest)
    for (let at = 0; at < bytes.length; at++) {
      expect(['LDB_CORRUPTION', 'LDB_FORMAT']).toContain(codeOf(bytes.slice(0, at)))
      const flipped = bytes.slice()
      flipped[at] = (flipped[at] as number) ^ 4
      expect(['LDB_CORRUPTION', 'LDB_FORMAT'], `byte ${at}`).toContain(codeOf(flipped))
    }
  })

  it('never leads to anything but an error of its format, whatever its bytes are', () => {
    fc.assert(
      fc.property(
        manifests,
        fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 4 }),
        (manifest, edits) => {
          const bytes = encodeManifest(manifest)
          for (const [at, byte] of edits) bytes[40 + (at % (bytes.length - 40))] = byte
          const hash = new Int32Array(2)
          xxHash64(bytes, BACKUP_OFFSET_FILE_BYTES, bytes.length, SEED_ZERO, hash)
          writeU32(bytes, BACKUP_OFFSET_BODY_CHECKSUM, (hash[0] as number) >>> 0)
          writeU32(bytes, BACKUP_OFFSET_BODY_CHECKSUM + 4, (hash[1] as number) >>> 0)
          expect(['none', 'LDB_CORRUPTION', 'LDB_FORMAT']).toContain(codeOf(bytes))
        },
      ),
      { numRuns: 300 },
    )
  })
})
