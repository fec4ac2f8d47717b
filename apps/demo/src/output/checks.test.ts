import { expect, test } from 'vitest'
import { Checks } from './checks.js'
import { Screen } from './screen.js'

test('each check is printed, and failed checks are recorded', () => {
  const written: string[] = []
  const checks = new Checks(new Screen({ write: (text: string) => written.push(text) }, 0))
  checks.expect('a', true, 'this passed')
  expect(checks.failed).toEqual([])
  checks.expect('b', false, 'that did not')
  expect(checks.all).toHaveLength(2)
  expect(checks.failed).toEqual([{ name: 'b', passed: false, detail: 'that did not' }])
  expect(written).toEqual(['  ✓ this passed\n', '  ✗ that did not\n'])
})
