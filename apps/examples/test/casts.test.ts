// Invariant: the programs show that the types of the packages are enough: none of them casts, asserts or ignores a type.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const CAST = /\bas (?!const\b)|\bany\b|[\w)\]]!(?!=)|@ts-|<\w+>\(?[a-z]\w*\)? as/

test.each(readdirSync(new URL('../src', import.meta.url)))('%s has no cast', (name) => {
  const text = readFileSync(fileURLToPath(new URL(`../src/${name}`, import.meta.url)), 'utf8')
  const code = text
    .replace(/\/\*[^]*?\*\//g, '')
    .replace(/\/\/.*/g, '')
    .replace(/(['"`])(?:\\.|(?!\1).)*\1/g, "''")
  expect(code.split('\n').filter((line) => CAST.test(line))).toEqual([])
})

test('a cast would be found', () => {
  for (const line of ['value as string', 'values[0]!', 'const x: any = 1', 'value as unknown as T'])
    expect(line).toMatch(CAST)
  for (const line of ['[1] as const', 'a !== b', '!found']) expect(line).not.toMatch(CAST)
})
