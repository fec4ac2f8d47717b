import { corruption } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { DataKeys, UnitCipher } from '@ldb/integrity'

/**
 * Encrypts and decrypts the commits in the backups and archives of an encrypted database.
 *
 * @remarks Each commit is a unit that is bound to the database, its branch, its number and its type: one of another history, or in the place of
 * another commit, does not authenticate.
 */
export class SealedCommits {
  readonly #cipher: UnitCipher

  constructor(keys: DataKeys, { branchId }: { readonly branchId: Uint8Array }) {
    this.#cipher = keys.cipherOf('backup', branchId)
  }

  /** Bytes that the encrypted form of a commit is longer. */
  get trailerBytes(): number {
    return this.#cipher.trailerBytes
  }

  /** Writes the encrypted form of a commit to `target`, from `start` on. */
  seal(type: number, seq: number, payload: Uint8Array, target: Uint8Array, start: number): void {
    const byteCount = payload.length + this.trailerBytes
    target.set(payload, start)
    this.#cipher.encrypt(UnitKind.LogRecord, seq, type, target, start, byteCount, target, start)
  }

  /** Returns the encrypted form of a commit. */
  sealed(type: number, seq: number, payload: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(payload.length + this.trailerBytes)
    this.seal(type, seq, payload, bytes, 0)
    return bytes
  }

  /**
   * Decrypts a commit in place, and returns its payload.
   *
   * @throws {@link LdbError} LDB_CORRUPTION.
   */
  unseal(type: number, seq: number, stored: Uint8Array, path: string, offset: number): Uint8Array {
    const isWhole =
      stored.length >= this.trailerBytes &&
      this.#cipher.decrypt(UnitKind.LogRecord, seq, type, stored, 0, stored.length)
    if (!isWhole) throw corruption(path, offset, 'a commit of the backup cannot be decrypted')
    return stored.subarray(0, stored.length - this.trailerBytes)
  }
}
