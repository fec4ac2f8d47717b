import { INVARIANTS } from '@ldb/base'

// What is done before something else may have its turn takes about a millisecond. Where invariants are checked it is hardly
// anything, so that work is interrupted wherever it can be.

/** Leaves that are looked for at a time, to be written in the order of the file. @internal */
export const FOUND_PAGES_MAX: number = INVARIANTS ? 8 : 4096

/** Leaves that are sealed and written in a turn. @internal */
export const SLICE_PAGES: number = INVARIANTS ? 1 : 64

/** Children of branches that are looked at in a turn. @internal */
export const SLICE_STEPS: number = INVARIANTS ? 3 : 4096

/** Pages out of use that are looked at in a turn, or at the end of a snapshot. @internal */
export const SLICE_SPANS: number = INVARIANTS ? 3 : 4096

/** Free-space pages that are written in a turn. @internal */
export const SLICE_BITMAPS: number = INVARIANTS ? 1 : 32

/** Checksums that are forgotten in a turn. @internal */
export const SLICE_FORGOTTEN: number = INVARIANTS ? 16 : 4096

/** The end of a file is cut off in pieces: a large one keeps some file systems busy. @internal */
export const SLICE_TRUNCATED_BYTES: number = INVARIANTS ? 1024 : 1 << 24
