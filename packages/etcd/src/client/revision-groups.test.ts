import { expect, test } from 'vitest'
import type { WatchResponse } from '../messages/watch.js'
import { RevisionGroups } from './revision-groups.js'

function response(revision: number, eventRevisions: readonly number[], fragment = false): WatchResponse {
  const events = eventRevisions.map((modRevision, index) => ({
    kind: 'put' as const,
    key: new Uint8Array([index]),
    value: new Uint8Array(0),
    modRevision,
  }))
  return { revision, created: false, canceled: false, compactRevision: 0, cancelReason: '', fragment, events }
}

function takeAll(groups: RevisionGroups): [number, number][] {
  const taken: [number, number][] = []
  for (let next = groups.take(); next !== undefined; next = groups.take())
    taken.push([next.revision, next.events.length])
  return taken
}

test('a revision is returned when all its fragments are here', () => {
  const groups = new RevisionGroups(4)
  groups.receive(response(9, [5, 5, 6], true))
  expect(takeAll(groups)).toEqual([[5, 2]])
  groups.receive(response(9, [6, 6], true))
  expect(takeAll(groups)).toEqual([])
  groups.receive(response(9, [6, 8]))
  expect(takeAll(groups)).toEqual([
    [6, 4],
    [8, 1],
  ])
  expect(groups.revision).toBe(8)
})

test('after a failure the incomplete revision is received from its start, and none twice', () => {
  const groups = new RevisionGroups(0)
  groups.receive(response(9, [1, 2, 2], true))
  expect(groups.revision).toBe(1)
  groups.restart()
  groups.receive(response(9, [1, 2, 2, 2, 3]))
  expect(takeAll(groups)).toEqual([
    [1, 1],
    [2, 3],
    [3, 1],
  ])
})

test('progress is returned behind the revisions before it, once, and never goes back', () => {
  const groups = new RevisionGroups(0)
  groups.receive(response(5, [5]))
  groups.receive(response(7, []))
  expect(groups.revision).toBe(7)
  groups.receive(response(6, []))
  expect(takeAll(groups)).toEqual([
    [5, 1],
    [7, 0],
  ])
  // The revision of a message with events may be later than the events that were sent.
  groups.receive(response(20, [8]))
  expect([takeAll(groups), groups.revision]).toEqual([[[8, 1]], 8])
  // A later revision supersedes progress.
  groups.receive(response(30, []))
  groups.receive(response(31, [31]))
  expect(takeAll(groups)).toEqual([[31, 1]])
})
