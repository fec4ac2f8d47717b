import { assert } from '@ldb/base'
import { xxHash64 } from '#xxhash64'
import type { Seed64 } from './seed64.js'

/**
 * Kinds of durable units, part of the associated data of an encrypted one. On disk: never renumber, never reuse.
 *
 * @category Units
 */
export const UnitKind = {
  SegmentHeader: 1,
  LogRecord: 2,
  SegmentSeal: 3,
  Catalog: 4,
  MetaBlock: 5,
  Page: 6,
  OverflowExtent: 7,
  FreeSpacePage: 8,
  /** Reserved for the LSM engine: a data, index or filter block, a manifest edit, a blob. */
  Block: 9,
  Filter: 10,
  ManifestEdit: 11,
  Blob: 12,
} as const

/**
 * One of the numbers of {@link UnitKind}.
 *
 * @category Units
 */
export type UnitKind = (typeof UnitKind)[keyof typeof UnitKind]

/**
 * Authenticated encryption of the units of one file. A cipher belongs to one file and binds every unit to its kind, position
 * and epoch.
 *
 * @category Units
 */
export interface UnitCipher {
  /** Number of the encryption in the headers of files, 1 to 255. */
  readonly suite: number
  /** Bytes at the end of each unit that hold the nonce and the tag; the unit's content ends before them. */
  readonly trailerBytes: number
  /** Writes a random 64-bit version to `target[0]` (low half) and `target[1]`. It takes the place of the checksum. */
  createVersion(target: Int32Array): void
  /**
   * Encrypts `source[start, start + byteCount)` to `target` from `targetStart` on. Both ranges include the trailer, whose source
   * bytes are ignored. `source` stays unchanged unless the ranges are the same.
   */
  encrypt(
    kind: UnitKind,
    position: number,
    epoch: number,
    source: Uint8Array,
    start: number,
    byteCount: number,
    target: Uint8Array,
    targetStart: number,
  ): void
  /** Decrypts `bytes[start, start + byteCount)` in place. Returns false when authentication fails; the bytes are then undefined. */
  decrypt(
    kind: UnitKind,
    position: number,
    epoch: number,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
  ): boolean
}

/**
 * The file that units are written to: a `VfsFile` of @ldb/vfs is one.
 *
 * @category Units
 */
export interface UnitFile {
  /** Writes `bytes[start, start + byteCount)` at `position`. */
  write(bytes: Uint8Array, start: number, byteCount: number, position: number): void
}

/**
 * Encodes and decodes the durable units of one file: log records, pages, overflow extents, meta blocks, the catalog.
 *
 * @remarks Every unit passes through this class on its way to a file and back. A write calls {@link UnitCodec.checksum}, stores
 * the result in the unit, and then calls {@link UnitCodec.write} or {@link UnitCodec.encode}. A read calls
 * {@link UnitCodec.decode} and then {@link UnitCodec.isIntact}. Without a cipher `encode` and `decode` copy or do nothing, and
 * cost one comparison with `undefined`; no method allocates.
 *
 * `position` is the unit's byte offset in its file, for a log record its lsn. `epoch` is the unit's epoch or commit number; 0
 * where a reader cannot know it before it has decoded the unit.
 * @category Units
 */
export class UnitCodec {
  /** Seed of the file's checksums. */
  readonly seed: Seed64
  /** The file's cipher; `undefined` when the file is not encrypted. */
  readonly cipher: UnitCipher | undefined
  readonly #hash = new Int32Array(2)
  #scratch = new Uint8Array(0)

  constructor(seed: Seed64, cipher?: UnitCipher) {
    this.seed = seed
    this.cipher = cipher
  }

  /** Bytes at the end of each unit that belong to the cipher; 0 when the file is not encrypted. */
  get trailerBytes(): number {
    return this.cipher === undefined ? 0 : this.cipher.trailerBytes
  }

  /**
   * Computes the 64-bit checksum of `bytes[start, end)`: the low half goes to `target[0]`, the high half to `target[1]`. In an
   * encrypted file the result is a random version instead, because the cipher authenticates the content.
   */
  checksum(bytes: Uint8Array, start: number, end: number, target: Int32Array): void {
    if (this.cipher === undefined) xxHash64(bytes, start, end, this.seed, target)
    else this.cipher.createVersion(target)
  }

  /**
   * Reports whether `bytes[start, end)` of a decoded unit match the checksum that is stored in it. Always true in an encrypted
   * file: there {@link UnitCodec.decode} has checked the content already, and the stored value is only a version.
   */
  isIntact(bytes: Uint8Array, start: number, end: number, low: number, high: number): boolean {
    if (this.cipher !== undefined) return true
    xxHash64(bytes, start, end, this.seed, this.#hash)
    return this.#hash[0] === low && this.#hash[1] === high
  }

  /** Writes the stored form of `bytes[start, start + byteCount)` to `target` from `targetStart` on: a copy, or ciphertext. */
  encode(
    kind: UnitKind,
    position: number,
    epoch: number,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
    target: Uint8Array,
    targetStart: number,
  ): void {
    if (this.cipher !== undefined) {
      this.cipher.encrypt(kind, position, epoch, bytes, start, byteCount, target, targetStart)
    } else if (bytes === target) {
      if (start !== targetStart) target.copyWithin(targetStart, start, start + byteCount)
    } else {
      target.set(bytes.subarray(start, start + byteCount), targetStart)
    }
  }

  /**
   * Writes a unit to `file` at `position`. The plain bytes stay unchanged in memory.
   *
   * @throws what {@link UnitFile.write} throws.
   */
  write(
    file: UnitFile,
    kind: UnitKind,
    position: number,
    epoch: number,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
  ): void {
    if (this.cipher === undefined) {
      file.write(bytes, start, byteCount, position)
      return
    }
    if (this.#scratch.length < byteCount) this.#scratch = new Uint8Array(byteCount)
    this.cipher.encrypt(kind, position, epoch, bytes, start, byteCount, this.#scratch, 0)
    file.write(this.#scratch, 0, byteCount, position)
  }

  /**
   * Decodes a unit that was read from a file, in place. Returns false when the cipher's authentication fails: the unit is damaged,
   * was moved from another position or file, or was written with another key. Always true without a cipher.
   */
  decode(
    kind: UnitKind,
    position: number,
    epoch: number,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
  ): boolean {
    if (this.cipher === undefined) return true
    assert(byteCount >= this.cipher.trailerBytes, 'a unit contains its trailer')
    return this.cipher.decrypt(kind, position, epoch, bytes, start, byteCount)
  }
}
