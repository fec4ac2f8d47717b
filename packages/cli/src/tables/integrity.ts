/** The tables of FORMAT.md of @ldb/integrity: offset, size, type and field of a row. A test compares them with the document. */
export const INTEGRITY_TABLES = {
  'File header': `
    0 8 bytes magic
    8 2 u16 format
    10 2 u16 minimumReader
    12 4 u32 flags
    16 8 u64 checksum`,
  'Unit trailer': `
    0 16 bytes tag
    16 24 bytes nonce
    40 4 u32 dataKeyId`,
} as const
