// The C programs of test/native, which check the library from C.
import { execFileSync } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { buildNative, runNative, whyNotBuildable, withDirectory } from './native-library.js'

/** A round takes 14 ms of CPU. */
const ROUNDS = '100'

describe.runIf(whyNotBuildable === undefined)('the C library', () => {
  it.each(['api', 'abuse', 'threads', 'signals', 'window', 'scan', 'commits', 'interrupted', 'scrypt'])(
    'passes %s.c',
    { timeout: 240_000 },
    async (name) => {
      const program = await buildNative(name)
      await withDirectory((path) => {
        expect(runNative(program, [path])).toMatch(/^[1-9]\d* checks, 0 failed\n$/m)
      })
    },
  )

  it('is loaded and unloaded many times', { timeout: 240_000 }, async () => {
    const library = `${dirname(await buildNative('driver'))}/libldb.so.1`
    const source = fileURLToPath(new URL('native/loader.c', import.meta.url))
    const header = fileURLToPath(new URL('../native/include', import.meta.url))
    await withDirectory((path) => {
      // It is not linked against the library.
      const options = ['-D_GNU_SOURCE', `-I${header}`, source, '-o', `${path}/loader`, '-ldl', '-lpthread']
      execFileSync('gcc', options)
      expect(runNative(`${path}/loader`, [path, library, ROUNDS])).toMatch(/^[1-9]\d* checks, 0 failed\n$/m)
    })
  })
})
