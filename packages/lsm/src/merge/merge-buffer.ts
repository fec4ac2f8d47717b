import { INVARIANTS } from '@ldb/base'
import type { BufferPart } from '../entry/buffer-part.js'
import type { Table } from '../version/table.js'

/**
 * Bytes that a merge reads from a table at once: several blocks, so that a block does not cost a call of the operating system. Small
 * where invariants are checked, so that windows end often.
 */
const WINDOW_BYTES = INVARIANTS ? 1024 : 256 * 1024
/** Bytes of output that are written at once, and the largest unit behind them that needs no buffer of its own. */
const OUTPUT_BYTES = INVARIANTS ? 4096 : 320 * 1024

/** Returns the memory for the output of a flush: what a frozen memtable has left, if that is enough. */
export function outputWithin(spare: BufferPart): BufferPart | undefined {
  return spare.end - spare.start < OUTPUT_BYTES ? undefined : { ...spare, start: spare.end - OUTPUT_BYTES }
}

/** The windows of the inputs of a merge, and its output. */
export interface MergeBuffer {
  readonly inputs: readonly { readonly run: readonly Table[]; readonly window: BufferPart }[]
  readonly output: BufferPart
}

/**
 * Allocates the memory of a merge: one buffer for all parts, so that a value is moved within it. That takes a third of the time of a copy
 * between two buffers, which needs a view of each value.
 *
 * @param runs - the inputs; a window is not larger than its input.
 */
export function allocateMergeBuffer(runs: readonly (readonly Table[])[]): MergeBuffer {
  const sizes = runs.map((run) => Math.min(WINDOW_BYTES, Math.max(...run.map(({ meta }) => meta.fileBytes))))
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, OUTPUT_BYTES))
  let end = OUTPUT_BYTES
  const inputs = runs.map((run, index) => {
    const start = end
    end += sizes[index] ?? 0
    return { run, window: { bytes, start, end } }
  })
  return { inputs, output: { bytes, start: 0, end: OUTPUT_BYTES } }
}
