import { INVARIANTS } from '@ldb/base'

// Amounts of work between two time slices of other work, each about a millisecond. Where invariants are checked, the amounts
// are tiny, so that tests interrupt the work wherever it can be interrupted.

/** Dirty leaves that are collected at a time, to be written in file order. @internal */
export const FOUND_PAGES_MAX: number = INVARIANTS ? 8 : 4096

/** Page numbers that are searched at a time for dirty leaves. @internal */
export const SLICE_SEARCHED: number = INVARIANTS ? 16 : 8192

/** Leaves that are written in a time slice. @internal */
export const SLICE_PAGES: number = INVARIANTS ? 1 : 64

/** Children of branches that are checked in a time slice. @internal */
export const SLICE_STEPS: number = INVARIANTS ? 3 : 4096

/** Entries of pending-free lists that are processed in a time slice, or when a snapshot is released. @internal */
export const SLICE_SPANS: number = INVARIANTS ? 3 : 4096

/** Pages that a compaction examines in a time slice. @internal */
export const SLICE_EXAMINED: number = INVARIANTS ? 3 : 192

/** Pages that a compaction packs or moves in a time slice. @internal */
export const SLICE_MOVED: number = INVARIANTS ? 2 : 48

/** Free-space pages that are written in a time slice. @internal */
export const SLICE_BITMAPS: number = INVARIANTS ? 1 : 32

/** Pending checksums that are dropped in a time slice. @internal */
export const SLICE_FORGOTTEN: number = INVARIANTS ? 16 : 4096

/** Bytes by which a file is truncated in a time slice: cutting off more at once blocks some file systems. @internal */
export const SLICE_TRUNCATED_BYTES: number = INVARIANTS ? 1024 : 1 << 24

/** Bytes of values in extents that a verification reads in a time slice. @internal */
export const SLICE_VALUE_BYTES: number = INVARIANTS ? 2048 : 65_536
