import { expect, test } from 'vitest'
import { breakLines, Screen } from './screen.js'

/** Returns a terminal that records its output. */
function recorder(isTTY: boolean, columns?: number) {
  const written: string[] = []
  const terminal = {
    isTTY,
    ...(columns === undefined ? {} : { columns }),
    write: (text: string) => written.push(text),
  }
  return { terminal, text: () => written.join('') }
}

test('lines break at spaces, and long words are not broken', () => {
  expect(breakLines('one two three', 7)).toEqual(['one two', 'three'])
  expect(breakLines('a incomprehensibilities b', 5)).toEqual(['a', 'incomprehensibilities', 'b'])
  expect(breakLines('', 10)).toEqual([''])
})

test('the width is that of the terminal, within limits, and 80 when unknown', () => {
  expect(new Screen({ write: () => true }, 0).columns).toBe(80)
  expect(new Screen(undefined).columns).toBe(80)
  const widths = [0, 10, 100, 500].map((columns) => new Screen({ columns, write: () => true }, 0).columns)
  expect(widths).toEqual([80, 40, 100, 132])
})

test.each([40, 80, 120])('no line is wider than a terminal of %d columns', (columns) => {
  const { terminal, text } = recorder(false, columns)
  const screen = new Screen(terminal, 0)
  screen.scene(1, 'A scene')
  screen.paragraph('word '.repeat(60).trim())
  screen.code("cities.entries({ prefix: ['JP'], reverse: true })")
  screen.heading('A question', '12.3 ms')
  screen.checkResult(true, 'word '.repeat(40).trim())
  const longest = Math.max(
    ...text()
      .split('\n')
      .map((line) => line.length),
  )
  expect(longest).toBeLessThanOrEqual(columns)
})

test('without a terminal there are no progress bars and no escape sequences', () => {
  const { terminal, text } = recorder(false)
  const screen = new Screen(terminal, 0)
  screen.progress(1, 2, 'half')
  screen.heading('done', '1 ms')
  screen.line(screen.heat('hot', 1) + screen.bar(0.5, 8) + screen.dim('soft'))
  expect(text()).not.toContain('\u001b')
  expect(text()).not.toContain('\r')
  expect(text()).not.toContain('half')
})

test('the progress bar fills its line, and the next line replaces it', () => {
  const { terminal, text } = recorder(true, 80)
  const screen = new Screen(terminal, 0)
  screen.progress(1, 2, 'half')
  const bar = text().split('\u001b[2K').at(-1) ?? ''
  expect(bar.length).toBe(78)
  expect(bar).toMatch(/█+░+ {3}50 % {2}half$/)
  const filled = bar.split('█').length - 1
  const empty = bar.split('░').length - 1
  expect(Math.abs(filled - empty)).toBeLessThanOrEqual(1)
  screen.line('next')
  expect(text().endsWith('\r\u001b[2K  next\n')).toBe(true)
})

test('a chart bar has the length of its share, to an eighth of a character', () => {
  const screen = new Screen(undefined, 0)
  expect([1, 0.5, 0.5625, 0].map((share) => screen.bar(share, 8))).toEqual(['████████', '████', '████▌', '▏'])
})

test('colours are used when they are enabled', () => {
  const screen = new Screen({ write: () => true }, 3)
  expect(screen.coloured).toBe(true)
  expect(screen.heat('x', 0)).not.toBe(screen.heat('x', 1))
  expect(screen.heat('x', 0.5)).toContain('\u001b[38;2;')
})
