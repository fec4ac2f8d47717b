/** The tables of FORMAT.md of @ldb/core: offset, size, type and field of a row. A test compares them with the document. */
export const CORE_TABLES = {
  'Catalog root': `
    24 8 u64 bodyChecksum
    32 4 u32 fileBytes
    36 4 u32 reserved
    40 16 bytes databaseId
    56 8 u64 generation
    64 8 u64 seq
    72 4 u32 nextKeyspaceId
    76 4 u32 keyspaceCount
    80 1 u8 suite
    81 1 u8 trailerBytes
    82 2 u16 reserved2
    84 4 u32 dataKeyId
    88 4 u32 pageBytes
    92 4 u32 reserved3
    96 16 bytes branchId
    112 16 bytes logSegmentId
    128 8 u64 logLsn`,
  'Key file': `
    24 16 bytes databaseId
    40 8 u64 generation
    48 1 u8 suite
    49 1 u8 derivation
    50 2 u16 keyCount
    52 1 u8 cost
    53 1 u8 blockSize
    54 1 u8 parallelization
    55 1 u8 reserved
    56 4 u32 currentId
    60 4 u32 reserved2
    64 32 bytes salt
    96 32 bytes masterCheck
    128 24 bytes nonce
    152 0 bytes entries`,
  'Key entry': `
    0 4 u32 id
    4 4 u32 reserved
    8 32 bytes commitment`,
  'Keyspace record': `
    0 4 u32 keyspaceId
    4 1 u8 engine
    5 1 u8 compression
    6 2 u16 flags
    8 8 u64 createdSeq
    16 2 u16 nameBytes
    18 1 u8 keyEncodingBytes
    19 1 u8 valueEncodingBytes
    20 2 u16 sectionBytes
    22 2 u16 reserved
    24 8 u64 ttlMs`,
  'Section of the B+tree': `
    0 16 bytes fileId
    16 4 u32 pageBytes
    20 4 u32 reserved`,
  'Value header': `
    0 4 bytes mark
    4 7 bytes expiresAt
    11 1 u8 flags`,
  'Checkpoint record': `
    0 8 u64 seq
    8 8 u64 catalogGeneration
    16 16 bytes catalogSegmentId
    32 4 u32 keyspaceCount
    36 4 u32 reserved`,
  'Checkpoint entry': `
    0 4 u32 keyspaceId
    4 4 u32 reserved
    8 8 u64 durableSeq
    16 16 bytes segmentId`,
  'Catalog record': `
    0 8 u64 generation
    8 16 bytes segmentId`,
  'Keyspace change': `
    0 4 u32 keyspaceId
    4 1 u8 kind
    5 1 u8 engine
    6 2 u16 nameBytes
    8 1 u8 keyEncodingBytes
    9 1 u8 valueEncodingBytes
    10 6 bytes reserved`,
  'Backup manifest': `
    24 8 u64 bodyChecksum
    32 8 u64 fileBytes
    40 16 bytes databaseId
    56 16 bytes branchId
    72 16 bytes backupId
    88 16 bytes parentId
    104 8 u64 seq
    112 8 u64 firstSeq
    120 8 u64 logSeq
    128 8 u64 createdAt
    136 4 u32 number
    140 4 u32 fileCount`,
  'File of a backup': `
    0 1 u8 role
    1 3 bytes reserved
    4 4 u32 keyspaceId
    8 8 u64 number
    16 8 u64 length
    24 4 u32 blockBytes
    28 4 u32 storedCount
    32 8 u64 durableSeq
    40 16 bytes segmentId`,
  'Commit of a backup': `
    0 4 u32 payloadBytes
    4 1 u8 type
    5 3 bytes reserved
    8 8 u64 seq`,
  'Stream of a backup': `
    24 8 u64 checksum
    32 16 bytes streamId
    48 16 bytes databaseId
    64 16 bytes branchId
    80 16 bytes parentId
    96 8 u64 seq
    104 8 u64 totalBytes
    112 4 u32 number
    116 4 u32 reserved`,
  'Section of a stream': `
    0 8 u64 checksum
    8 8 u64 streamOffset
    16 8 u64 dataOffset
    24 4 u32 payloadBytes
    28 4 u32 fileIndex
    32 1 u8 type
    33 7 bytes reserved`,
  'End of a stream': `
    0 8 u64 dataBytes
    8 8 u64 manifestBytes
    16 8 u64 sectionCount`,
  'Archive file': `
    24 8 u64 checksum
    32 16 bytes fileId
    48 16 bytes databaseId
    64 16 bytes branchId
    80 8 u64 sinceSeq`,
  'Frame of an archive': `
    0 8 u64 checksum
    8 8 u64 fileOffset
    16 8 u64 seq
    24 4 u32 payloadBytes
    28 1 u8 type
    29 3 bytes reserved`,
  'Bytes of a blob file': `
    0 8 u64 fileNumber
    8 8 u64 fileOffset`,
} as const
