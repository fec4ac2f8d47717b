import { copyWords as copyByEngine } from './copy-words.js'

/** The copy of a C host; SPEC.md of `@ldb/ffi` describes it. */
interface CopyHost {
  /** Returns 0, or -1 when a range does not lie within its buffer. */
  copy(
    source: ArrayBufferLike,
    sourceStart: number,
    target: ArrayBufferLike,
    targetStart: number,
    length: number,
  ): number
}

/** A parameter of the function in which a portable bundle runs. */
declare const ldbHost: CopyHost

/** Shorter copies cost less than a call of the host. */
const HOST_BYTES_MIN = 12

/** Implementation of `copyWords` by a C host. A range may leave its view, but not the buffer of it. */
export function copyWords(
  source: DataView,
  sourceStart: number,
  target: DataView,
  targetStart: number,
  length: number,
): void {
  if (length < HOST_BYTES_MIN) {
    copyByEngine(source, sourceStart, target, targetStart, length)
    return
  }
  const from = source.byteOffset + sourceStart
  const to = target.byteOffset + targetStart
  if (ldbHost.copy(source.buffer, from, target.buffer, to, length) !== 0)
    throw new RangeError('copy exceeds its view')
}
