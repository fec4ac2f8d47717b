// The C programs of test/native, which check the library from C.
import { describe, expect, it } from 'vitest'
import { buildNative, runNative, whyNotBuildable, withDirectory } from './native-library.js'

describe.runIf(whyNotBuildable === undefined)('the C library', () => {
  it.each(['api', 'abuse', 'threads', 'window', 'scrypt'])(
    'passes %s.c',
    { timeout: 240_000 },
    async (name) => {
      const program = await buildNative(name)
      await withDirectory((path) => {
        expect(runNative(program, [path])).toMatch(/^[1-9]\d* checks, 0 failed\n$/m)
      })
    },
  )
})
