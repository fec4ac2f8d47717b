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

describe('classifyHolder', () => {
  it.each(cases)('%s is %s', (_, state, holder, own, start) => {
    const probe: ProcessProbe = { startOf: () => start }
    expect(classifyHolder({ ...OTHER, ...holder }, { ...OWN, ...own }, probe)).toBe(state)
  })

  it('describes it', () => {
    expect(describeHolder(OTHER, OWN)).toBe('pid 20 on host ada')
    expect(describeHolder({ ...OWN, token: '2' }, OWN)).toBe('another thread of this process (pid 10)')
    expect(describeHolder({ ...OWN, pidns: 'pid-2' }, OWN)).toBe('pid 10 on host ada')
  })
})
