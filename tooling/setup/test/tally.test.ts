import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { installState } from '../install.js'
import { nodeTooOld } from '../node-version.js'
import { addUp, clearResults, closingLine, readResult, suiteFolders, suiteLine } from '../tally.js'

const suite = (name: string, passed: number, failed = 0, skipped = 0) => ({
  name,
  passed,
  failed,
  skipped,
  ms: 1,
})

describe('the count', () => {
  test('sums suites', () => {
    const total = addUp([suite('a', 3), suite('b', 4, 0, 2)], [], 0)
    expect(closingLine(total)).toBe('7 passed, 0 failed, 2 skipped')
  })

  test('counts failed tests once, and not their task again', () => {
    expect(addUp([suite('a', 3, 2)], ['a#test'], 1)).toEqual({ passed: 3, failed: 2, skipped: 0 })
  })

  test('counts a failed task that has no failed test', () => {
    expect(addUp([suite('a', 3)], ['a#lint', 'a#test', 'b#build'], 1).failed).toBe(3)
  })

  test('reports at least one failure when turbo failed', () => {
    expect(closingLine(addUp([suite('a', 3)], [], 1))).toBe('3 passed, 1 failed')
  })
})

test('a suite has one line, and one more for each count of its tests', () => {
  expect(suiteLine(suite('a', 3)).split('\n')).toHaveLength(1)
  const lines = suiteLine({ ...suite('a', 3), counted: ['kill: 70 kills', 'model: 5 operations'] }).split(
    '\n',
  )
  expect(lines.slice(1)).toEqual(['  kill: 70 kills', '  model: 5 operations'])
})

test.each([
  ['20.18.3', true],
  ['18.20.0', true],
  ['20.19.0', false],
  ['22.0.0', false],
])('Node %s is too old: %s', (version, tooOld) => {
  expect(nodeTooOld(version) !== undefined).toBe(tooOld)
})

describe('a workspace', () => {
  let root = ''

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ldb-setup-'))
    mkdirSync(join(root, 'packages', 'one', '.results'), { recursive: true })
    writeFileSync(join(root, 'package.json'), '{}')
    writeFileSync(join(root, 'packages', 'one', 'package.json'), '{"name":"one"}')
  })

  afterEach(() => {
    rmSync(root, { recursive: true, force: true })
  })

  test('returns its results until they are cleared', () => {
    const [folder] = suiteFolders(root)
    writeFileSync(
      join(folder!, '.results', 'tests.json'),
      JSON.stringify({ passed: 1, failed: 0, skipped: 0, ms: 5 }),
    )
    expect(readResult(folder!)).toEqual({ name: 'one', passed: 1, failed: 0, skipped: 0, ms: 5 })
    clearResults(root)
    expect(readResult(folder!)).toBeUndefined()
  })

  test('is installed again exactly when a manifest, the lockfile or pnpm changes', () => {
    const before = installState(root, '10.0.0')
    expect(installState(root, '10.0.0')).toBe(before)
    expect(installState(root, '10.0.1')).not.toBe(before)
    writeFileSync(join(root, 'packages', 'one', 'package.json'), '{"name":"one","dependencies":{}}')
    const changed = installState(root, '10.0.0')
    expect(changed).not.toBe(before)
    writeFileSync(join(root, 'pnpm-lock.yaml'), 'lockfileVersion: 9')
    expect(installState(root, '10.0.0')).not.toBe(changed)
  })
})
