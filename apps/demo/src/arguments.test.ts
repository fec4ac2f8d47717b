import { expect, test } from 'vitest'
import { readArguments } from './arguments.js'

test('by default the data is temporary and the output is text', () => {
  expect(readArguments([])).toEqual({
    dir: undefined,
    engine: undefined,
    json: false,
    fresh: false,
    help: false,
  })
})

test('all options are parsed', () => {
  expect(readArguments(['--dir', 'data', '--engine=btree', '--json', '--fresh', '-h'])).toEqual({
    dir: 'data',
    engine: 'btree',
    json: true,
    fresh: true,
    help: true,
  })
})

test.each([[['--nonsense']], [['left over']], [['--dir']], [['--dir', '']], [['--fresh']]])(
  '%j is rejected',
  (argv) => {
    expect(() => readArguments(argv)).toThrow(TypeError)
  },
)
