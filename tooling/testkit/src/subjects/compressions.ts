import { DEFLATE_CODEC } from '@ldb/integrity'
import type { LsmTreeOptions } from '@ldb/lsm'

/** Compression of an LSM tree. */
export type LsmCompression = NonNullable<LsmTreeOptions['compression']>

/** A codec of the application: what deflate writes, under an id of its own. */
const OWN_CODEC: LsmCompression = { ...DEFLATE_CODEC, id: 200, name: 'own' }

/** Every compression of an LSM tree, the default first. @category Subjects */
export const LSM_COMPRESSIONS: readonly LsmCompression[] = ['lz4', 'none', 'deflate', 'adaptive', OWN_CODEC]

/** How compactions are chosen. */
export const LSM_POLICIES = ['leveled', 'tiered'] as const
