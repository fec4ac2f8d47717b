/** Memory of a C host; SPEC.md of `@ldb/ffi` describes it. */
interface MemoryHost {
  /** Returns a buffer of zeros; `undefined` without memory. */
  allocate?(byteCount: number): ArrayBuffer | undefined
}

/** A parameter of the function in which a portable bundle runs. */
declare const ldbHost: MemoryHost

/** Returns a buffer of zeros. The host has them from the system, which provides a page at its first use. */
export function zeroedBuffer(byteCount: number): ArrayBuffer {
  return ldbHost.allocate?.(byteCount) ?? new ArrayBuffer(byteCount)
}
