/** The tables of FORMAT.md of @ldb/btree: offset, size, type and field of a row. A test compares them with the document. */
export const BTREE_TABLES = {
  'Meta block': `
    0 24 bytes fileHeader
    24 16 bytes fileId
    40 4 u32 pageBytes
    44 4 u32 block
    48 1 u8 suite
    49 1 u8 trailerBytes
    50 2 bytes reserved
    52 4 u32 dataKeyId
    56 4 u32 keyspaceId
    60 16 bytes databaseId
    76 4 u32 reserved2
    80 8 u64 checkpoint
    88 8 u64 epoch
    96 8 u64 durableSeq
    104 4 u32 rootPage
    108 4 u32 rootLevel
    112 8 u64 rootChecksum
    120 8 u64 entryCount
    128 8 u64 extentCount
    136 4 u32 pageCount
    140 4 u32 freeSpacePage
    144 8 u64 freeSpaceChecksum
    152 4 u32 freeCount
    156 4 u32 dictionaryPage
    160 8 u64 dictionaryChecksum
    168 4 u32 freeSpaceMirrorPage
    172 4 u32 metaCopyPage
    176 8 u64 freeSpaceMirrorChecksum
    184 16 bytes logSegmentId
    200 24 bytes dictionaries
    224 280 bytes reserved3
    504 8 u64 checksum`,
  'Page header': `
    0 8 u64 checksum
    8 4 u32 pageNumber
    12 1 u8 kind
    13 1 u8 level
    14 1 u8 flags
    15 1 u8 reserved
    16 8 u64 epoch
    24 2 u16 count
    26 2 u16 prefixBytes
    28 2 u16 heapStart
    30 2 u16 deadBytes`,
  Slot: `
    0 4 u32 head
    4 2 u16 recordOffset
    6 2 u16 keyBytes`,
  'Encoded value': `
    0 1 u8 dictionary
    1 2 u16 decodedBytes
    3 0 bytes block`,
  'Branch record': `
    0 4 u32 child
    4 8 u64 childChecksum
    12 0 bytes key`,
  'Extent reference': `
    0 4 u32 page
    4 4 u32 contentBytes
    8 8 u64 epoch
    16 8 u64 checksum`,
  'Overflow extent': `
    0 8 u64 checksum
    8 4 u32 pageNumber
    12 1 u8 kind
    13 1 u8 codec
    14 2 bytes reserved
    16 8 u64 epoch
    24 4 u32 contentBytes
    28 4 u32 decodedBytes`,
  Dictionaries: `
    0 8 bytes magic
    8 2 u16 count
    10 2 u16 reserved
    12 32 bytes lengths
    44 0 bytes bytes`,
  'Free-space page': `
    32 4 u32 firstPage
    36 4 u32 nextPage
    40 8 u64 nextChecksum
    48 4 u32 nextMirror
    52 4 u32 reserved
    56 8 u64 nextMirrorChecksum
    64 0 bytes bits`,
} as const
