import { assert, readU32, writeU32 } from '@ldb/base'
import type { TaskSteps } from '@ldb/base'
import { FILE_ID_BYTES, seedOfFile, UnitCodec, UnitKind } from '@ldb/integrity'
import { DirectorySync, FileSync } from '@ldb/vfs'
import type { DataKeys } from '@ldb/integrity'
import type { Vfs, VfsFile } from '@ldb/vfs'
import {
  HEADER_BYTES,
  MANIFEST_KIND,
  RECORD_ALIGNMENT,
  RECORD_CHECKSUM_OFFSET,
  RECORD_HEADER_BYTES,
  RECORD_PAYLOAD_BYTES_OFFSET,
  RECORD_TYPE_OFFSET,
  RecordType,
} from '../format.js'
import { encodeHeader } from '../table/file-header.js'
import { recordImage } from './manifest-reader.js'
import { encodeEdit } from './manifest-record.js'
import type { ManifestEdit } from './manifest-record.js'

/** Name of the manifest in the directory of a store. */
export const MANIFEST_NAME = 'MANIFEST'
/** Name of a manifest that is being written. */
export const NEW_MANIFEST_NAME = 'MANIFEST.new'
/** Bytes of the number of the data key, with which the trailer of a unit ends. */
const DATA_KEY_ID_BYTES = 4
/** A manifest is written anew when its edits are longer than this, and than twice its state record. */
const EDIT_BYTES_MIN = 64 * 1024

/**
 * Writes the manifest of a store.
 *
 * @remarks A manifest that was found at open is never appended to: what was read of it may be in the cache of the operating system
 * only. The first change writes a new file with the whole state under a temporary name, syncs it, renames it and syncs the directory.
 * Later changes are appended to this file, each synced before the next.
 */
export class ManifestWriter {
  /** True when the store has a manifest; false before the first checkpoint of a new one. */
  exists: boolean
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #storeId: Uint8Array
  #file: VfsFile | undefined = undefined
  #sync: FileSync | undefined = undefined
  readonly #keys: DataKeys | undefined
  /** Checksums of records as they are stored. */
  #codec: UnitCodec | undefined = undefined
  /** Encrypts payloads. */
  #sealed: UnitCodec | undefined = undefined
  #end = 0
  /** Bytes of the state record of the file. */
  #stateBytes = 0

  /**
   * @param exists - the store has a manifest.
   * @param keys - the data keys of an encrypted store.
   */
  constructor(vfs: Vfs, directory: string, storeId: Uint8Array, exists: boolean, keys?: DataKeys) {
    this.#keys = keys
    this.exists = exists
    this.#vfs = vfs
    this.#directory = directory
    this.#storeId = storeId
  }

  /** The next change writes the whole state. */
  requireState(): void {
    this.close()
  }

  /** Returns the data key of the state record in the file, and the bytes of its payload; `undefined` without a manifest or a key. */
  stateKey(): { readonly dataKeyId: number; readonly byteCount: number } | undefined {
    if (!this.exists || this.#keys === undefined) return undefined
    const file = this.#vfs.open(`${this.#directory}/${MANIFEST_NAME}`, 'read')
    try {
      const header = new Uint8Array(RECORD_HEADER_BYTES)
      if (file.read(header, 0, header.length, HEADER_BYTES) < header.length) return undefined
      const byteCount = readU32(header, RECORD_PAYLOAD_BYTES_OFFSET)
      const keyId = new Uint8Array(DATA_KEY_ID_BYTES)
      const end = HEADER_BYTES + RECORD_HEADER_BYTES + byteCount
      const readBytes = file.read(keyId, 0, keyId.length, end - keyId.length)
      return readBytes < keyId.length ? undefined : { dataKeyId: readU32(keyId, 0), byteCount }
    } finally {
      file.close()
    }
  }

  /** True when the next change writes the whole state. */
  get needsState(): boolean {
    const editBytes = this.#end - HEADER_BYTES - this.#stateBytes
    return this.#file === undefined || editBytes > Math.max(EDIT_BYTES_MIN, 2 * this.#stateBytes)
  }

  /** Replaces the manifest by one with the whole state. */
  *replace(state: ManifestEdit): TaskSteps {
    const temporary = `${this.#directory}/${NEW_MANIFEST_NAME}`
    const path = `${this.#directory}/${MANIFEST_NAME}`
    this.close()
    const fileId = this.#vfs.random.fill(new Uint8Array(FILE_ID_BYTES))
    const cipher = this.#keys?.cipherOf('manifest', fileId)
    this.#codec = new UnitCodec(seedOfFile(fileId))
    this.#sealed = new UnitCodec(seedOfFile(fileId), cipher)
    const written = this.#vfs.open(temporary, 'create')
    const fileSync = new FileSync(this.#vfs, written)
    try {
      written.truncate(0)
      const header = encodeHeader(MANIFEST_KIND, { fileId, storeId: this.#storeId }, cipher !== undefined)
      written.write(header, 0, HEADER_BYTES, 0)
      this.#end = HEADER_BYTES
      this.#write(written, RecordType.State, state)
      this.#stateBytes = this.#end - HEADER_BYTES
      yield fileSync
    } finally {
      fileSync.close()
      written.close()
    }
    this.#vfs.rename(temporary, path)
    this.exists = true
    yield new DirectorySync(this.#vfs, this.#directory)
    this.#file = this.#vfs.open(path, 'write')
    this.#sync = new FileSync(this.#vfs, this.#file)
  }

  /** Appends a change and syncs it. */
  *append(edit: ManifestEdit): TaskSteps {
    assert(this.#file !== undefined && this.#sync !== undefined, 'a change follows a state')
    this.#write(this.#file, RecordType.Edit, edit)
    yield this.#sync
  }

  close(): void {
    this.#sync?.close()
    this.#file?.close()
    this.#file = undefined
    this.#sync = undefined
  }

  #write(file: VfsFile, type: number, edit: ManifestEdit): void {
    const payload = encodeEdit(edit)
    const hash = new Int32Array(2)
    const codec = this.#codec
    const sealed = this.#sealed
    assert(codec !== undefined && sealed !== undefined, 'a manifest has a codec')
    const storedBytes = payload.length + sealed.trailerBytes
    const byteCount = RECORD_HEADER_BYTES + storedBytes
    const bytes = new Uint8Array(Math.ceil(byteCount / RECORD_ALIGNMENT) * RECORD_ALIGNMENT)
    writeU32(bytes, RECORD_PAYLOAD_BYTES_OFFSET, storedBytes)
    writeU32(bytes, RECORD_TYPE_OFFSET, type)
    const kind = UnitKind.ManifestEdit
    sealed.encode(kind, this.#end, type, payload, 0, storedBytes, bytes, RECORD_HEADER_BYTES)
    const image = recordImage(bytes, 0, byteCount, this.#end)
    codec.checksum(image, 0, image.length, hash)
    bytes.set(new Uint8Array(hash.buffer), RECORD_CHECKSUM_OFFSET)
    file.write(bytes, 0, bytes.length, this.#end)
    this.#end += bytes.length
  }
}
