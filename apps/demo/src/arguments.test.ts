import { expect, test } from 'vitest'
import { readArguments } from './arguments.js'

test('without arguments everything is temporary and for people', () => {
  expect(readArguments([])).toEqual({
    dir: undefined,
    engine: undefined,
    json: false,
    fresh: false,
    help: false,
  })
})

test('all of them are understood', () => {
  expect(readArguments(['--dir', 'data', '--engine=btree', '--json', '--fresh', '-h'])).toEqual({
    dir: 'data',
    engine: 'btree',
    json: true,
    fresh: true,
    help: true,
  })
})

test.each([[['--nonsense']], [['left over']], [['--dir']], [['--dir', '']], [['--fresh']]])(
  '%j is refused',
  (argv) => {
    expect(() => readArguments(argv)).toThrow(TypeError)
  },
)
