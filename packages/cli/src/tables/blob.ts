/** The tables of FORMAT.md of @ldb/blob: offset, size, type and field of a row. A test compares them with the document. */
export const BLOB_TABLES = {
  'File header': `
    0 24 bytes fileHeader
    24 16 bytes fileId
    40 4 u32 fileNumber
    44 1 u8 suite
    45 1 u8 trailerBytes
    46 2 bytes reserved
    48 4 u32 dataKeyId
    52 4 u32 indexCount
    56 8 u64 checksum`,
  'Index entry': `
    0 8 u64 recordOffset
    8 8 u64 position`,
  Record: `
    0 8 u64 checksum
    8 8 u64 fileOffset
    16 8 u64 valueChecksum
    24 4 u32 valueBytes
    28 2 u16 keyBytes
    30 1 u8 codec
    31 1 u8 reserved
    32 4 u32 decodedBytes
    36 4 u32 reserved2`,
  Reference: `
    0 4 u32 fileNumber
    4 4 u32 valueBytes
    8 8 u64 valueOffset
    16 8 u64 valueChecksum
    24 2 u16 keyBytes
    26 1 u8 codec
    27 1 u8 reserved
    28 4 u32 decodedBytes`,
} as const
