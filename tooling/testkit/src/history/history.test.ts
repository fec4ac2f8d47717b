import { describe, expect, test } from 'vitest'
import { History } from './history.js'
import type { ModelChange } from './history.js'
import { Violation } from '../base/violation.js'

const put = (key: string, value: string): ModelChange[] => [{ kind: 'put', space: 's', key, value }]
const state = (entries: Record<string, string>): Map<string, string> =>
  new Map(Object.entries(entries).map(([key, value]) => [`s/${key}`, value]))

function threeCommits(): History {
  const history = new History()
  history.submit(put('a', '1'))
  history.submit((before) => put('n', `${before.get('s/n') ?? ''}+`))
  history.submit((before) => put('n', `${before.get('s/n') ?? ''}+`))
  return history
}

describe('the history of submitted commits', () => {
  test('matches the state after each commit and rejects any other', () => {
    const history = threeCommits()
    expect(history.match(state({ a: '1', n: '++' }))).toBe(3)
    expect(history.match(state({ a: '1', n: '+' }))).toBe(2)
    expect(history.match(state({}))).toBe(0)
    expect(() => history.match(state({ n: '+' }))).toThrow(Violation)
    history.acknowledgeDurable(2)
    expect(() => history.match(state({ a: '1' }))).toThrow('acknowledged commits are lost')
  })

  test('allows a gap only for a commit that failed with a read error', () => {
    const history = threeCommits()
    history.recordReadFailure(2)
    history.acknowledgeDurable(3)
    const fork = history.fork()
    expect(history.match(state({ a: '1', n: '++' }))).toBe(3)
    expect(history.match(state({ a: '1', n: '+' }))).toBe(3)
    // The match has established that the commit is missing.
    expect(history.hasGaps).toBe(false)
    expect(() => history.match(state({ a: '1', n: '++' }))).toThrow(Violation)
    expect(() => fork.match(state({ n: '++' }))).toThrow(Violation)
    expect(() => fork.match(state({ a: '1' }))).toThrow(Violation)
  })
})
