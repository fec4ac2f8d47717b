import { closeSync, fdatasync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs'

const FILE_BYTES = 32 * 2 ** 20
const ZEROS_BYTES = 2 ** 20

/**
 * The minimum that a durable commit costs: a write into allocated blocks of a file and an `fdatasync`, synchronous or
 * in libuv's thread pool.
 */
export class BareLog {
  readonly #file: number
  readonly #record: Uint8Array
  #offset = 0

  /** @param recordBytes - bytes of each write. */
  constructor(path: string, recordBytes: number) {
    this.#file = openSync(path, 'w')
    this.#record = new Uint8Array(recordBytes).fill(1)
    const zeros = new Uint8Array(ZEROS_BYTES)
    for (let offset = 0; offset < FILE_BYTES; offset += ZEROS_BYTES)
      writeSync(this.#file, zeros, 0, ZEROS_BYTES, offset)
    fsyncSync(this.#file)
  }

  commit(): void {
    this.#write()
    fdatasyncSync(this.#file)
  }

  commitAsync(): Promise<void> {
    this.#write()
    return new Promise((resolve, reject) => {
      fdatasync(this.#file, (error) => {
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(): void {
    const byteCount = this.#record.length
    if (this.#offset + byteCount > FILE_BYTES) this.#offset = 0
    writeSync(this.#file, this.#record, 0, byteCount, this.#offset)
    this.#offset += byteCount
  }
}
