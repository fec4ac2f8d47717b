/** The tables of FORMAT.md of @ldb/base: offset, size, type and field of a row. A test compares them with the document. */
export const BASE_TABLES = {
  'Section header': `
    0 4 u32 keyspaceId
    4 4 u32 operationCount
    8 4 u32 operationBytes`,
} as const
