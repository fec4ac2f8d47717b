/** The tables of FORMAT.md of @ldb/wal: offset, size, type and field of a row. A test compares them with the document. */
export const WAL_TABLES = {
  'Segment header': `
    0 24 bytes fileHeader
    24 16 bytes segmentId
    40 16 bytes previousId
    56 8 u64 segmentNumber
    64 8 u64 baseLsn
    72 8 u64 durableEndLsn
    80 8 u64 lastSeq
    88 8 u64 seqFloor
    96 8 u64 chainHash
    104 16 bytes ownerId
    120 1 u8 suite
    121 1 u8 trailerBytes
    122 2 bytes padding
    124 4 u32 dataKeyId
    128 8 u64 firstRecordTime
    136 16 bytes archiveBranchId
    152 8 u64 capacityBytes
    160 3928 bytes reserved
    4088 8 u64 checksum`,
  Seal: `
    0 4 u32 kind
    4 4 u32 reserved
    8 8 u64 endLsn
    16 8 u64 lastSeq
    24 8 u64 chainHash
    32 16 bytes successorId
    48 8 u64 checksum`,
  Record: `
    0 8 u64 checksum
    8 4 u32 headerCheck
    12 4 u32 payloadBytes
    16 8 u64 seq
    24 4 u32 unsyncedBytes
    28 1 u8 type
    29 3 bytes reserved`,
} as const
