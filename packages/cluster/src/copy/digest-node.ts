import { createHash } from 'node:crypto'

/** The SHA-256 of a sequence of byte strings, which encodes their lengths too. */
export class Digest {
  readonly #hash: ReturnType<typeof createHash> = createHash('sha256')
  readonly #length: DataView = new DataView(new ArrayBuffer(4))

  add(bytes: Uint8Array): void {
    this.#length.setUint32(0, bytes.length, true)
    this.#hash.update(new Uint8Array(this.#length.buffer))
    this.#hash.update(bytes)
  }

  finish(): string {
    return this.#hash.digest('hex')
  }
}
