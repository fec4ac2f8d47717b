import { assert } from '@ldb/base'
import type { TaskSteps } from '@ldb/base'
import { DirectorySync, FileRemoval } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { SegmentList } from './list.js'
import { removedSegmentPath } from './name.js'

/**
 * Removes the segments that hold no record at or after `lsn`, oldest first. Renames each one and syncs the directory before the
 * next, so that a crash leaves no gap. Then deletes the renamed file, off the thread when the file system supports that.
 *
 * @param check - called before each removal; throws when the log no longer permits it.
 */
export function* removalSteps(
  vfs: Vfs,
  directory: string,
  segments: SegmentList,
  lsn: number,
  check: () => void,
): TaskSteps {
  for (;;) {
    check()
    const { oldest, newest } = segments
    if (oldest === undefined || oldest === newest) return
    assert(oldest.endLsn !== undefined, 'only the newest segment has no end')
    if (oldest.endLsn > lsn) return
    const removedPath = removedSegmentPath(oldest.path)
    vfs.rename(oldest.path, removedPath)
    segments.removeOldest()
    yield new DirectorySync(vfs, directory)
    yield new FileRemoval(vfs, removedPath)
  }
}
