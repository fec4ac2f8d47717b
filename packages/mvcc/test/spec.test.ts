// Invariant: each rule of SPEC.md is cited by a test of this package, of the core or of the testkit.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const FOLDERS = ['packages/mvcc/src', 'packages/mvcc/test', 'packages/core/test', 'tooling/testkit/test']

/** Returns the rules that a text cites: `M4`, `M1 to M14`. */
function citedIn(text: string): number[] {
  const singles = [...text.matchAll(/\bM(\d+)\b/g)].map(([, number]) => Number(number))
  const spans = [...text.matchAll(/\bM(\d+) to M(\d+)\b/g)].flatMap(([, first, last]) =>
    Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index),
  )
  return [...singles, ...spans]
}

test('every rule has a test that cites it', () => {
  const spec = readFileSync(`${ROOT}packages/mvcc/SPEC.md`, 'utf8')
  const rules = [...spec.matchAll(/^- \*\*M(\d+)\*\*/gm)].map(([, number]) => Number(number))
  expect(rules.length).toBeGreaterThanOrEqual(30)
  expect(new Set(rules).size).toBe(rules.length)
  const cited = new Set<number>()
  for (const folder of FOLDERS) {
    for (const name of readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.test.ts') || name.endsWith('spec.test.ts')) continue
      for (const rule of citedIn(readFileSync(`${ROOT}${folder}/${name}`, 'utf8'))) cited.add(rule)
    }
  }
  expect(rules.filter((rule) => !cited.has(rule))).toEqual([])
  // Every cited rule exists.
  expect([...cited].filter((rule) => !rules.includes(rule))).toEqual([])
})
