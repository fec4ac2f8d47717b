import { describe, expect, it } from 'vitest'
import { describeHolder, judgeHolder } from './holder.js'
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
/** Somebody else, whom only the process table can tell of: no socket was to be had. */
const OTHER: LockRecord = { ...OWN, pid: 20, start: '600', socket: '-', token: '1'.repeat(32) }
const MAC: Partial<LockRecord> = { boot: '-', start: '-', pidns: '-', netns: '-', socket: '-' }

const cases: [string, HolderState, Partial<LockRecord>, Partial<LockRecord>, string | undefined][] = [
  ['a process that runs', 'alive', {}, {}, '600'],
  ['a process that is gone', 'dead', {}, {}, undefined],
  ['a pid that was given to another process', 'dead', {}, {}, '601'],
  ['a process that hides its start', 'alive', {}, {}, '-'],
  ['a holder whose start was hidden', 'alive', { start: '-' }, {}, '700'],
  ['a machine that was started again', 'dead', { boot: 'boot-0' }, {}, '600'],
  ['another machine', 'unknown', { boot: 'boot-0', host: 'bob' }, {}, undefined],
  ['a holder of an unknown run', 'unknown', { boot: '-' }, {}, undefined],
  ['a run that is unknown to us', 'unknown', {}, { boot: '-' }, undefined],
  ['another name of this machine', 'dead', { host: 'container' }, {}, undefined],
  ['another container', 'unknown', { pidns: 'pid-2', netns: 'net-2' }, {}, undefined],
  ['a socket that we have now', 'dead', { socket: 'socket-1' }, {}, '600'],
  [
    'a socket that we have now, of a thread of ours',
    'dead',
    { pid: 10, start: '500', socket: 'socket-1' },
    {},
    '500',
  ],
  ['a socket of another network', 'alive', { socket: 'socket-1', netns: 'net-2' }, {}, '600'],
  [
    'a socket of another network and container',
    'unknown',
    { socket: 'socket-1', netns: 'net-2', pidns: 'pid-2' },
    {},
    '600',
  ],
  ['another socket', 'alive', { socket: 'socket-2' }, {}, '600'],
  ['a thread of this process without sockets', 'alive', { pid: 10, start: '500' }, { socket: '-' }, '500'],
  ['no socket on both sides', 'alive', {}, { socket: '-' }, '600'],
  ['a process on a system without /proc', 'alive', MAC, MAC, '-'],
  ['a dead process on a system without /proc', 'dead', MAC, MAC, undefined],
  ['another host without /proc', 'unknown', { ...MAC, host: 'bob' }, MAC, undefined],
]

describe('judging a holder', () => {
  it.each(cases)('%s is %s', (_, state, holder, own, start) => {
    const probe: ProcessProbe = { startOf: () => start }
    expect(judgeHolder({ ...OTHER, ...holder }, { ...OWN, ...own }, probe)).toBe(state)
  })

  it('names it', () => {
    expect(describeHolder(OTHER, OWN)).toBe('pid 20 on host ada')
    expect(describeHolder({ ...OWN, token: '2' }, OWN)).toBe('another thread of this process (pid 10)')
    expect(describeHolder({ ...OWN, pidns: 'pid-2' }, OWN)).toBe('pid 10 on host ada')
  })
})
