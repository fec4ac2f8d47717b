import { decodeReference } from '../extents/extent-reference.js'
import { blockOf, hasDictionaries } from '../file/meta.js'
import type { Meta } from '../file/meta.js'
import { findMeta, readMetaBlock } from '../file/meta-blocks.js'
import { META_STRIDE } from '../format.js'
import type { Pages } from '../pager/pages.js'
import type { VerifyReport } from './verify-report.js'

/** Compares the meta block in the file with that of the last checkpoint. @internal */
export function verifyMeta({ file, codec, metaRewrite }: Pages, expected: Meta, report: VerifyReport): void {
  const block = blockOf(expected.checkpoint)
  report.guard(block * META_STRIDE, () => {
    // Until the first write, the newest checkpoint may be in the spare block only.
    const meta = metaRewrite.isDone ? readMetaBlock(file, block, codec) : findMeta(file, () => codec).meta
    if (meta.checkpoint === expected.checkpoint) return
    report.add('structure', block * META_STRIDE, 'the meta block is not that of the last checkpoint')
  })
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
