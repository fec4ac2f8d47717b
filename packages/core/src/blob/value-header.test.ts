import { REFERENCE_BYTES } from '@ldb/blob'
import { expect, test } from 'vitest'
import { VALUE_HEADER_BYTES } from '../format.js'
import { REFERRING_VALUE_BYTES } from './value-header.js'

test('a stored value that refers to a blob is a header and a reference', () => {
  expect(REFERRING_VALUE_BYTES).toBe(VALUE_HEADER_BYTES + REFERENCE_BYTES)
})
