// Invariants: an unknown store or trial is a usage error, before anything runs.
import { describe, expect, it } from 'vitest'
import { trust } from './trust.js'
import { isUsageError } from './usage-error.js'

const OPTIONS = {
  command: 'trust' as const,
  only: undefined,
  stores: undefined,
  cases: 1,
  readme: false,
  dir: undefined,
}

describe('the command trust', () => {
  it('refuse unknown names', async () => {
    for (const names of [{ only: ['none'] }, { stores: ['none'] }]) {
      const failure = await trust({ ...OPTIONS, ...names }).catch((error: unknown) => error)
      expect(isUsageError(failure)).toBe(true)
    }
  })
})
