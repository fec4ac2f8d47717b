import { Buffer } from 'node:buffer'

/** Returns a `Buffer` over the same memory. */
export function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Decodes UTF-8. What is not UTF-8 becomes U+FFFD. */
export function decodeReplacing(bytes: Uint8Array): string {
  return bufferOver(bytes).toString('utf8')
}
