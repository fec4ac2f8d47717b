import { describe, expect, it } from 'vitest'
import { bytesOf, parseCalls, textOf } from './system-call.js'

describe('parseCalls', () => {
  it('returns the begin and the end of each call in order', () => {
    const text = [
      String.raw`10 openat(AT_FDCWD, "\x2f\x61", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 18`,
      '11 fdatasync(18 <unfinished ...>',
      String.raw`10 pwrite64(18, "\x00\x22\x2c", 3, 8) = 3`,
      '11 <... fdatasync resumed>) = 0',
      String.raw`10 unlink("\x2f\x62") = -1 ENOENT (No such file or directory)`,
      '10 +++ exited with 0 +++',
    ].join('\n')
    expect(parseCalls(text).map(({ thread, name, result }) => [thread, name, result])).toEqual([
      [10, 'openat', undefined],
      [10, 'openat', 18],
      [11, 'fdatasync', undefined],
      [10, 'pwrite64', undefined],
      [10, 'pwrite64', 3],
      [11, 'fdatasync', 0],
      [10, 'unlink', undefined],
      [10, 'unlink', -1],
    ])
    const [opened] = parseCalls(text)
    expect(textOf(opened?.args[1] ?? '')).toBe('/a')
    expect(bytesOf(String.raw`"\x00\x22\x2c"`)).toEqual(new Uint8Array([0, 0x22, 0x2c]))
  })

  it('keeps threads and leaves out processes that the recorded one has started', () => {
    const text = [
      '10 clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0} => {parent_tid=[11]}, 88) = 11',
      '10 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x1 <unfinished ...>',
      '12 close(18) = 0',
      '10 <... clone resumed>) = 12',
      '11 fsync(18) = 0',
    ].join('\n')
    const names = parseCalls(text).map(({ thread, name }) => `${thread} ${name}`)
    expect(names).toContain('11 fsync')
    expect(names).not.toContain('12 close')
  })
})
