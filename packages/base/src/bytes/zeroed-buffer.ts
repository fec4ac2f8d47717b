/** Returns a buffer of zeros. The counterpart of host/zeroed-buffer.ts for other platforms. */
export function zeroedBuffer(byteCount: number): ArrayBuffer {
  return new ArrayBuffer(byteCount)
}
