import { equalBytes, isLdbError } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { decodeReference } from '../extents/extent-reference.js'
import { blockOf, hasDictionaries } from '../file/meta.js'
import type { Meta } from '../file/meta.js'
import { readMetaBlock } from '../file/meta-blocks.js'
import { firstPageNumber, META_COPY_BLOCK, META_STRIDE, metaCopyEnd, metaCopyPage } from '../format.js'
import type { Pages } from '../pager/pages.js'
import type { TreeFigures } from './tree-figures.js'
import type { VerifyReport } from './verify-report.js'

/**
 * Verifies the meta block of the last checkpoint and its copy in the file. One of the two that is damaged is a warning: the other one remains.
 *
 * @remarks A crash may have left one of them torn or older. It is no fault then: the meta rewrite, which precedes the first write, writes it again.
 * @returns true when a block is damaged that the next checkpoint replaces.
 * @internal
 */
export function verifyMeta(pages: Pages, meta: Meta, report: VerifyReport): boolean {
  if (pages.metaRewrite.mayBlocksBeTorn) return false
  const own = blockOf(meta.checkpoint)
  const ownFault = faultOf(pages, own, meta)
  const copyFault = faultOf(pages, META_COPY_BLOCK, meta)
  if (ownFault !== undefined) {
    report.addFault(ownFault, own * META_STRIDE, copyFault === undefined ? 'warning' : 'error')
  }
  if (copyFault !== undefined) report.addFault(copyFault, META_COPY_BLOCK * META_STRIDE, 'warning')
  return ownFault !== undefined || copyFault !== undefined
}

/** Returns why a block does not hold a checkpoint of this file. */
function faultOf({ file, codec }: Pages, block: number, meta: Meta): LdbError | string | undefined {
  try {
    const found = readMetaBlock(file, block, codec)
    if (!equalBytes(found.fileId, meta.fileId)) return 'the meta block is that of another file'
    return found.checkpoint === meta.checkpoint
      ? undefined
      : 'the meta block is not that of the last checkpoint'
  } catch (error) {
    if (isLdbError(error)) return error
    throw error
  }
}

/** Reads the dictionaries. Returns the encoded reference to their extent; `undefined` when there are none. @internal */
export function verifyDictionaries(
  { dictionaries, limits }: Pages,
  report: VerifyReport,
): Uint8Array | undefined {
  const { reference } = dictionaries
  if (!hasDictionaries({ dictionaries: reference })) return undefined
  report.guard(decodeReference(reference, 0).page * limits.pageBytes, () => {
    dictionaries.readStored()
  })
  return reference
}

/** Counts the pages of the meta region and of the copy, and what is behind the last page. @internal */
export function countFixedPages(
  { file, freeSpace, limits }: Pages,
  report: VerifyReport,
  figures: TreeFigures,
): void {
  const { pageBytes } = limits
  const copyStart = metaCopyPage(pageBytes)
  for (const [kind, start, end] of [
    ['meta', 0, firstPageNumber(pageBytes)],
    ['meta-copy', copyStart, metaCopyEnd(pageBytes)],
  ] as const) {
    report.count(0, 0, pageBytes * (end - start))
    figures.add(kind, end - start)
    report.locate(kind, start, end - start)
  }
  figures.unusedBytes = Math.max(0, file.length() - freeSpace.pageCount * pageBytes)
}
