import { expect, it } from 'vitest'
import { pathNames } from './path-names.js'

it('splits paths into names', () => {
  expect(pathNames('/a//b/./c/')).toEqual(['a', 'b', 'c'])
  expect(pathNames('a/b/../../../c')).toEqual(['c'])
  expect(pathNames('/')).toEqual([])
  expect(pathNames('../../a/../b', true)).toEqual(['..', '..', 'b'])
})
