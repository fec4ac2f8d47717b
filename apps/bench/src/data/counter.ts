const COUNTER_BYTES = 4

/** Returns the bytes of a counter that was incremented; an absent one was 0. */
export function incremented(bytes: Uint8Array | undefined): Uint8Array {
  const next = new Uint8Array(COUNTER_BYTES)
  new DataView(next.buffer).setUint32(0, readCounter(bytes) + 1, true)
  return next
}

/** Returns the value of a counter. */
function readCounter(bytes: Uint8Array | undefined): number {
  // An entry of another row that has the same key is not a counter.
  if (bytes?.length !== COUNTER_BYTES) return 0
  return new DataView(bytes.buffer, bytes.byteOffset, COUNTER_BYTES).getUint32(0, true)
}
