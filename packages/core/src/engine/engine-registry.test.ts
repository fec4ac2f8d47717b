import { isLdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { EngineNumber } from '../format.js'
import { BUILT_IN_ENGINES, engineOf, isStoreFileName } from './engine-registry.js'
import type { Engine } from './engine.js'

test('every engine that the catalog can name has its number', () => {
  for (const name of Object.keys(EngineNumber) as (keyof typeof EngineNumber)[]) {
    expect(engineOf(BUILT_IN_ENGINES, name).number).toBe(EngineNumber[name])
  }
})

test('an engine under a wrong number is a bug, and a missing one is not supported', () => {
  const wrong: Engine = { ...engineOf(BUILT_IN_ENGINES, 'btree'), number: 9 }
  const codeOf = (call: () => unknown): string | undefined => {
    try {
      call()
    } catch (error) {
      return isLdbError(error) ? error.code : String(error)
    }
    return undefined
  }
  expect(codeOf(() => engineOf({ btree: wrong }, 'btree'))).toBe('LDB_INVARIANT')
  expect(codeOf(() => engineOf({}, 'btree'))).toBe('LDB_UNSUPPORTED')
})

test('an engine owns its files and no others', () => {
  expect(['tree.ldb', 'tree.ldb.new'].every((name) => isStoreFileName(BUILT_IN_ENGINES, name))).toBe(true)
  expect(['tree.ldb.old', 'notes.txt', ''].some((name) => isStoreFileName(BUILT_IN_ENGINES, name))).toBe(
    false,
  )
})
