import { expect, test } from 'vitest'
import { readArguments } from './arguments.js'
import { isUsageError } from './usage-error.js'

test('without arguments, every stage of the normal effort runs', () => {
  expect(readArguments([])).toMatchObject({
    command: 'run',
    effort: 'normal',
    only: undefined,
    clock: 'wall',
  })
})

test('options and commands are parsed', () => {
  expect(
    readArguments(['--quick', '--only', 'get,open', '--stores', 'ldb', '--entries', '10_000']),
  ).toMatchObject({
    command: 'run',
    effort: 'quick',
    only: ['get', 'open'],
    stores: ['ldb'],
    entries: 10_000,
  })
  expect(readArguments(['compare', 'a.json', 'b.json'])).toEqual({
    command: 'compare',
    before: 'a.json',
    after: 'b.json',
  })
  expect(readArguments(['profile', 'cpu', 'get-random'])).toMatchObject({
    kind: 'cpu',
    row: 'get-random',
    store: 'ldb',
  })
  expect(readArguments(['--help', '--quick'])).toEqual({ command: 'help' })
})

test.each([
  [['--quick', '--full']],
  [['--entries', 'many']],
  [['--entries', '0']],
  [['--clock', 'sun']],
  [['--nonsense']],
  [['compare', 'a.json']],
  [['profile', 'soul', 'get-random']],
  [['dance']],
])('%j is rejected with a usage error', (argv) => {
  let thrown: unknown
  try {
    readArguments(argv)
  } catch (error) {
    thrown = error
  }
  expect(isUsageError(thrown)).toBe(true)
})
