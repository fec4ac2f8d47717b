import { describe, expect, it } from 'vitest'
import { describeHolder, classifyHolder } from './holder.js'
import type { HolderState, ProcessProbe } from './holder.js'
import type { LockRecord } from './record.js'

const OWN: LockRecord = {
  pid: 10,
  start: '500',
  boot: 'boot-1',
  host: 'ada',
  pidns: 'pid-1',
  netns: 'net-1',
  socket: 'socket-1',
  directory: '8:100',
  filesystem: '-',
  kernel: '-',
  mode: 'exclusive',
  token: '0'.repeat(32),
}
/** Another process, without a socket: only the process table shows whether it is alive. */
const OTHER: LockRecord = { ...OWN, pid: 20, start: '600', socket: '-', token: '1'.repeat(32) }
const MAC: Partial<LockRecord> = { boot: '-', start: '-', pidns: '-', netns: '-', socket: '-' }

const cases: [string, HolderState, Partial<LockRecord>, Partial<LockRecord>, string | undefined][] = [
  ['a running process', 'alive', {}, {}, '600'],
  ['a process that has ended', 'dead', {}, {}, undefined],
  ['a pid reused by another process', 'dead', {}, {}, '601'],
  ['a process of unknown start time', 'alive', {}, {}, '-'],
  ['a record without start time', 'alive', { start: '-' }, {}, '700'],
  ['an earlier boot of this machine', 'dead', { boot: 'boot-0' }, {}, '600'],
  ['another machine', 'unknown', { boot: 'boot-0', host: 'bob' }, {}, undefined],
  ['a record without boot id', 'unknown', { boot: '-' }, {}, undefined],
  ['an opener without boot id', 'unknown', {}, { boot: '-' }, undefined],
  ['another host name on the same boot', 'dead', { host: 'container' }, {}, undefined],
  ['another container', 'unknown', { pidns: 'pid-2', netns: 'net-2' }, {}, undefined],
  ['a socket name that the opener has bound', 'dead', { socket: 'socket-1' }, {}, '600'],
  [
    'a socket name that the opener has bound, of a thread of this process',
    'dead',
    { pid: 10, start: '500', socket: 'socket-1' },
    {},
    '500',
  ],
  ['a socket in another network namespace', 'alive', { socket: 'socket-1', netns: 'net-2' }, {}, '600'],
  [
    'a socket in another network namespace and another pid namespace',
    'unknown',
    { socket: 'socket-1', netns: 'net-2', pidns: 'pid-2' },
    {},
    '600',
  ],
  ['another socket', 'alive', { socket: 'socket-2' }, {}, '600'],
  ['a thread of this process without sockets', 'alive', { pid: 10, start: '500' }, { socket: '-' }, '500'],
  ['no socket on either side', 'alive', {}, { socket: '-' }, '600'],
  ['a process on a system without /proc', 'alive', MAC, MAC, '-'],
  ['a dead process on a system without /proc', 'dead', MAC, MAC, undefined],
  ['another host without /proc', 'unknown', { ...MAC, host: 'bob' }, MAC, undefined],
]

/** A holder in another container: without flock and without knowledge of directories its state is unknown. */
const ELSEWHERE: Partial<LockRecord> = { pidns: 'pid-2', netns: 'net-2', socket: 'socket-2' }
const FLOCK: Partial<LockRecord> = { kernel: 'flock' }
const EXT4: Partial<LockRecord> = { filesystem: 'ef53' }
const OTHER_BOOT: Partial<LockRecord> = { ...ELSEWHERE, boot: 'boot-2', host: 'bob' }

const kernelCases: [string, HolderState, Partial<LockRecord>, Partial<LockRecord>, string | undefined][] = [
  ['a holder of flock, in another container', 'dead', { ...ELSEWHERE, ...FLOCK }, FLOCK, undefined],
  ['a holder of flock, whose process runs', 'dead', FLOCK, FLOCK, '600'],
  ['a holder of flock, for an opener without', 'unknown', { ...ELSEWHERE, ...FLOCK }, {}, undefined],
  ['a holder without flock, in another container', 'unknown', ELSEWHERE, FLOCK, undefined],
  ['a holder without flock, whose process runs', 'alive', {}, FLOCK, '600'],
  ['a holder of flock on another machine', 'unknown', { ...OTHER_BOOT, ...FLOCK }, FLOCK, undefined],
  [
    'a holder of flock of another boot, on a local file system',
    'dead',
    { ...OTHER_BOOT, ...FLOCK, ...EXT4, directory: '9:100' },
    { ...FLOCK, ...EXT4 },
    undefined,
  ],
  [
    'a holder of flock of another boot, whose file system is not local',
    'unknown',
    { ...OTHER_BOOT, ...FLOCK, filesystem: '6969' },
    { ...FLOCK, ...EXT4 },
    undefined,
  ],
  [
    'a holder without flock of another boot, on a local file system',
    'unknown',
    { ...OTHER_BOOT, ...EXT4 },
    { ...FLOCK, ...EXT4 },
    undefined,
  ],
  [
    'a holder of flock through another mount, whose process runs',
    'alive',
    { ...FLOCK, directory: '9:100' },
    FLOCK,
    '600',
  ],
  [
    'a holder of flock through another mount, whose process has ended',
    'dead',
    { ...FLOCK, directory: '9:100' },
    FLOCK,
    undefined,
  ],
  [
    'a holder of flock through another mount, in another container',
    'dead',
    { ...ELSEWHERE, ...FLOCK, directory: '9:100' },
    FLOCK,
    undefined,
  ],
  [
    'a holder of flock without boot id, on this host',
    'dead',
    { ...MAC, ...FLOCK },
    { ...MAC, ...FLOCK },
    '-',
  ],
  [
    'a holder of flock without boot id, on another host',
    'unknown',
    { ...MAC, ...FLOCK, host: 'bob' },
    { ...MAC, ...FLOCK },
    '-',
  ],
]

const copyCases: [string, HolderState, Partial<LockRecord>, Partial<LockRecord>, string | undefined][] = [
  ['a directory with another inode, of a running process', 'dead', { directory: '8:101' }, {}, '600'],
  [
    'a directory with another inode, in another container',
    'dead',
    { ...ELSEWHERE, directory: '8:101' },
    {},
    undefined,
  ],
  [
    'a directory with another inode, on another machine',
    'unknown',
    { ...OTHER_BOOT, directory: '8:101' },
    {},
    undefined,
  ],
  [
    'a directory with another inode, on another machine, both local',
    'dead',
    { ...OTHER_BOOT, ...EXT4, directory: '8:101' },
    { filesystem: '58465342' },
    undefined,
  ],
  ['an unknown directory, of a running process', 'alive', { directory: '-' }, {}, '600'],
  ['a directory with the same inode on another device', 'alive', { directory: '9:100' }, {}, '600'],
  ['a snapshot of a local file system', 'dead', { ...EXT4, directory: '9:100' }, EXT4, '600'],
  [
    'a directory with the same inode on another device, of another boot, both local',
    'unknown',
    { ...OTHER_BOOT, ...EXT4, directory: '9:100' },
    EXT4,
    undefined,
  ],
]

describe('classifyHolder', () => {
  it.each([...cases, ...kernelCases, ...copyCases])('%s is %s', (_, state, holder, own, start) => {
    const probe: ProcessProbe = { startOf: () => start }
    expect(classifyHolder({ ...OTHER, ...holder }, { ...OWN, ...own }, probe)).toBe(state)
  })

  it('describes it', () => {
    expect(describeHolder(OTHER, OWN)).toBe('pid 20 on host ada')
    expect(describeHolder({ ...OWN, token: '2' }, OWN)).toBe('another thread of this process (pid 10)')
    expect(describeHolder({ ...OWN, pidns: 'pid-2' }, OWN)).toBe('pid 10 on host ada')
  })
})
