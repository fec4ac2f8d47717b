import { corruption, equalBytes } from '@ldb/base'
import type { VfsFile } from '@ldb/vfs'
import type { TreeIdentity } from './options.js'
import { META_BLOCK_FILE_ID_OFFSET, META_BLOCK_PAGE_BYTES_OFFSET } from '../format.js'
import type { Meta } from './meta.js'

/** Refuses a file that fits together, but is not the one that the owner means. @internal */
export function checkIdentity(file: VfsFile, meta: Meta, identity: TreeIdentity): void {
  if (!equalBytes(meta.fileId, identity.fileId)) {
    throw corruption(file.path, META_BLOCK_FILE_ID_OFFSET, 'another file stands in the place of this one')
  }
  if (meta.pageBytes !== identity.pageBytes) {
    throw corruption(file.path, META_BLOCK_PAGE_BYTES_OFFSET, 'the pages have another size than is known', {
      expected: identity.pageBytes,
      actual: meta.pageBytes,
    })
  }
}
