import { createSeed64, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'

/**
 * A length-preserving cipher: XORs each unit with a key stream that depends on its kind, position and epoch, and keeps the
 * authentication tags in memory instead of a trailer.
 */
export class ToyCipher implements UnitCipher {
  readonly suite: number = 255
  readonly trailerBytes: number = 0
  /** Units by kind: how many were encrypted and decrypted. */
  readonly encrypted = new Map<number, number>()
  readonly decrypted = new Map<number, number>()
  readonly #tags = new Map<string, string>()
  #version = 0

  createVersion(target: Int32Array): void {
    this.#version += 1
    target[0] = Math.imul(this.#version, 0x9e3779b1)
    target[1] = this.#version
  }

  encrypt(
    kind: number,
    position: number,
    epoch: number,
    source: Uint8Array,
    start: number,
    byteCount: number,
    target: Uint8Array,
    targetStart: number,
  ): void {
    this.encrypted.set(kind, (this.encrypted.get(kind) ?? 0) + 1)
    const unit = xored(kind, position, epoch, source.subarray(start, start + byteCount))
    this.#tags.set(`${kind} ${position} ${epoch}`, tagOf(unit))
    target.set(unit, targetStart)
  }

  decrypt(
    kind: number,
    position: number,
    epoch: number,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
  ): boolean {
    this.decrypted.set(kind, (this.decrypted.get(kind) ?? 0) + 1)
    const unit = bytes.subarray(start, start + byteCount)
    if (this.#tags.get(`${kind} ${position} ${epoch}`) !== tagOf(unit)) return false
    bytes.set(xored(kind, position, epoch, unit), start)
    return true
  }
}

function tagOf(bytes: Uint8Array): string {
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, bytes.length, SEED_ZERO, hash)
  return hash.join(' ')
}

function xored(kind: number, position: number, epoch: number, bytes: Uint8Array): Uint8Array {
  const counter = new Uint8Array(16)
  const view = new DataView(counter.buffer)
  view.setFloat64(0, position, true)
  const seed = createSeed64(kind, epoch)
  const hash = new Int32Array(2)
  const stream = new Uint8Array(hash.buffer)
  return bytes.map((byte, index) => {
    if (index % 8 === 0) {
      view.setUint32(8, index, true)
      xxHash64(counter, 0, counter.length, seed, hash)
    }
    return byte ^ (stream[index % 8] as number)
  })
}
