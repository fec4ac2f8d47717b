import { assert } from '@ldb/base'
import type { DeviceSteps } from '@ldb/base'
import { DirectorySync, FileRemoval } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { SegmentList } from './list.js'
import { removedSegmentPath } from './name.js'

/**
 * Removes the segments that hold no record at or behind `lsn`, the oldest first. Each is gone for good, under its name, before
 * the next: a crash leaves no gap. The file goes last, under a name that nobody reads, off this thread where that is possible.
 *
 * @param check - called before each of them; throws when nothing may be removed any more.
 */
export function* removalSteps(
  vfs: Vfs,
  directory: string,
  segments: SegmentList,
  lsn: number,
  check: () => void,
): DeviceSteps {
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
