import { EARLY_WRITEBACK_BUGS } from './bugs/early-writeback.js'
import { CACHE_BUGS } from './bugs/cache.js'
import { BACKUP_BUGS } from './bugs/backups.js'
import { BLOB_BUGS } from './bugs/blobs.js'
import { COMPRESSION_BUGS } from './bugs/compression.js'
import { COPY_BUGS } from './bugs/copies.js'
import { CORE_BUGS } from './bugs/core.js'
import { BASE_BUGS } from './bugs/base.js'
import { ENCRYPTION_BUGS } from './bugs/encryption.js'
import { LOG_BUGS } from './bugs/log.js'
import { LSM_FILE_BUGS } from './bugs/lsm/files.js'
import { LSM_READ_BUGS } from './bugs/lsm/reads.js'
import { LSM_VERSION_BUGS } from './bugs/lsm/versions.js'
import { LSM_BUGS } from './bugs/lsm/tree.js'
import type { SeededBug } from './bugs/seeded-bug.js'
import { REPAIR_BUGS } from './bugs/repair.js'
import { RESUMABLE_TASK_BUGS } from './bugs/resumable-tasks.js'
import { TRANSACTION_BUGS } from './bugs/transactions.js'
import { TREE_BUGS } from './bugs/tree.js'

/** Every seeded bug. */
export const SEEDED_BUGS: readonly SeededBug[] = [
  ...LOG_BUGS,
  ...EARLY_WRITEBACK_BUGS,
  ...TREE_BUGS,
  ...COPY_BUGS,
  ...RESUMABLE_TASK_BUGS,
  ...LSM_BUGS,
  ...LSM_VERSION_BUGS,
  ...LSM_FILE_BUGS,
  ...LSM_READ_BUGS,
  ...CACHE_BUGS,
  ...CORE_BUGS,
  ...BLOB_BUGS,
  ...REPAIR_BUGS,
  ...ENCRYPTION_BUGS,
  ...BACKUP_BUGS,
  ...COMPRESSION_BUGS,
  ...TRANSACTION_BUGS,
  ...BASE_BUGS,
]
