/** The tables of FORMAT.md of @ldb/lsm: offset, size, type and field of a row. A test compares them with the document. */
export const LSM_TABLES = {
  Header: `
    24 16 bytes fileId
    40 16 bytes storeId
    56 8 bytes checksum`,
  Trailer: `
    0 1 u8 codec
    1 1 u8 content
    2 2 bytes reserved
    4 4 u32 rawBytes
    8 8 u64 fileOffset
    16 8 bytes checksum`,
  Block: `
    0 4 u32 count
    4 4 u32 prefixBytes
    8 8 u64 baseStamp
    16 0 bytes prefix`,
  Handle: `
    0 8 u64 offset
    8 4 u32 storedBytes`,
  Filter: `
    0 4 u32 seed
    4 4 u32 probes
    8 4 u32 lines
    12 4 bytes reserved`,
  Properties: `
    0 8 u64 entries
    8 8 u64 deletes
    16 8 u64 tombstones
    24 8 u64 minStamp
    32 8 u64 maxStamp
    40 8 u64 keyBytes
    48 8 u64 valueBytes
    56 8 u64 blocks
    64 8 u64 rawBytes
    72 8 u64 storedBytes`,
  Footer: `
    0 12 bytes index
    12 12 bytes filter
    24 12 bytes tombstones
    36 12 bytes properties`,
  Record: `
    0 4 u32 payloadBytes
    4 4 u32 type
    8 8 bytes checksum`,
  State: `
    0 8 u64 durableSeq
    8 8 u64 stamp
    16 8 u64 nextNumber
    24 16 bytes segmentId
    40 4 u32 removedCount
    44 4 u32 addedCount`,
  Table: `
    0 8 u64 number
    8 8 u64 fileBytes
    16 8 u64 rawBytes
    24 8 u64 entries
    32 8 u64 deletes
    40 8 u64 tombstones
    48 8 u64 minStamp
    56 8 u64 maxStamp
    64 16 bytes fileId
    80 4 u32 level
    84 4 u32 codec
    88 4 u32 lowerBytes
    92 4 u32 upperBytes`,
} as const
