import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Key, KeyShape } from '../data/keys.js'
import type { Store, StoreOptions } from '../model/store.js'

/** See {@link StoreModule}. */
export const takesBuffers = false

/** See {@link StoreModule}. */
export const persistent = true

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = ['decimal', 'binary', 'url']

const FILE_BYTES = 64 * 2 ** 20
const ZEROS_BYTES = 2 ** 20
const BATCH_BYTES_MAX = 2 ** 20

/**
 * Opens a plain file. A commit is one write of key and value into allocated blocks, and one `fdatasync`: the upper
 * limit for a store that writes a log. Nothing can be read.
 */
export async function open(options: StoreOptions): Promise<Store> {
  const file = openSync(join(options.dir, 'bare'), 'w')
  const zeros = new Uint8Array(ZEROS_BYTES)
  for (let offset = 0; offset < FILE_BYTES; offset += ZEROS_BYTES)
    writeSync(file, zeros, 0, ZEROS_BYTES, offset)
  fsyncSync(file)
  const durable = options.durability === 'device'
  const pending = new Uint8Array(BATCH_BYTES_MAX)
  let pendingBytes = 0
  let offset = 0
  const add = (key: Key, value: Uint8Array): void => {
    pending.set(key as Uint8Array, pendingBytes)
    pending.set(value, pendingBytes + key.length)
    pendingBytes += key.length + value.length
  }
  const commit = (): void => {
    if (offset + pendingBytes > FILE_BYTES) offset = 0
    writeSync(file, pending, 0, pendingBytes, offset)
    if (durable) fdatasyncSync(file)
    offset += pendingBytes
    pendingBytes = 0
  }
  return {
    put(key, value) {
      add(key, value)
      commit()
    },
    putBatch(fill) {
      fill(add)
      commit()
    },
    close: () => closeSync(file),
  }
}
