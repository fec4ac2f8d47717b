import { expect, test } from 'vitest'
import { countSyncs, difference } from './sync-counts.js'

const TRACE = `
101 openat(AT_FDCWD, "/data/log", O_RDWR|O_CREAT, 0644) = 17
101 openat(AT_FDCWD, "/data/meta", O_WRONLY|O_DSYNC|O_CLOEXEC) = 18
101 openat(AT_FDCWD, "/nowhere", O_RDWR|O_SYNC) = -1 ENOENT (No such file or directory)
101 pwrite64(17, "..."..., 127, 0) = 127
102 fdatasync(17 <unfinished ...>
101 pwrite64(18, "..."..., 120, 16) = 120
102 <... fdatasync resumed>)              = 0
101 fsync(17)                             = 0
101 msync(0x7f0000000000, 4096, MS_SYNC)  = 0
101 close(18)                             = 0
101 openat(AT_FDCWD, "/data/other", O_RDWR) = 18
101 write(18, "x", 1)                     = 1
101 +++ exited with 0 +++
`

test('an interrupted sync is counted once, and writes to O_DSYNC files are counted separately', () => {
  expect(countSyncs(TRACE)).toEqual({ fdatasync: 1, fsync: 1, msync: 1, syncedWrites: 1 })
})

test('the difference of two counts covers the time between them', () => {
  const half = countSyncs(TRACE.slice(0, TRACE.indexOf('101 fsync')))
  expect(difference(countSyncs(TRACE), half)).toEqual({ fdatasync: 0, fsync: 1, msync: 1, syncedWrites: 0 })
})
