import { corruption, equalBytes } from '@ldb/base'
import type { VfsFile } from '@ldb/vfs'
import type { TreeIdentity } from './options.js'
import { META_BLOCK_FILE_ID_OFFSET, META_BLOCK_PAGE_BYTES_OFFSET } from '../format.js'
import type { Meta } from './meta.js'

/**
 * Checks that a valid file is the one that its owner expects.
 *
 * @throws {@link LdbError} LDB_CORRUPTION when it is another one.
 * @internal
 */
export function checkIdentity(file: VfsFile, meta: Meta, identity: TreeIdentity): void {
  if (!equalBytes(meta.fileId, identity.fileId)) {
    throw corruption(file.path, META_BLOCK_FILE_ID_OFFSET, 'the file has another id than its owner expects')
  }
  if (meta.pageBytes !== identity.pageBytes) {
    throw corruption(
      file.path,
      META_BLOCK_PAGE_BYTES_OFFSET,
      'the file has another page size than its owner expects',
      { expected: identity.pageBytes, actual: meta.pageBytes },
    )
  }
}
