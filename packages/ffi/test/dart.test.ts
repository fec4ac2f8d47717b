// The Dart package in a real Dart VM, on a database of Node.js, which Node.js reads afterwards.
import { Database } from '@ldb/core'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { whyNotBuildable, withDirectory } from './native-library.js'

/** The script of `test/dart`, which has no types of its own. */
interface DartVm {
  whyNoDart(options: { readonly mayEmulate: boolean }): string | undefined
  build32(): Promise<string>
  compileDart(program: string): string
  startVm(options: readonly string[]): { status: unknown; stdout: string; stderr: string }
}

const vm = (await import(new URL('dart/vm.js', import.meta.url).href)) as DartVm
// The emulator takes 40 s of CPU to compile the program: only `npm run test:dart` uses it.
const reason = whyNotBuildable ?? vm.whyNoDart({ mayEmulate: process.env['LDB_EMULATE'] === '1' })
if (reason !== undefined) console.warn(`tests of the Dart package are skipped: ${reason}`)

const program = fileURLToPath(new URL('../dart/test/lightning_db_test.dart', import.meta.url))

describe.runIf(reason === undefined)('the Dart package', () => {
  it('passes its tests, and shares files with Node.js', { timeout: 480_000 }, async () => {
    const library = await vm.build32()
    const kernel = vm.compileDart(program)
    await withDirectory((directory) => {
      using database = Database.open(`${directory}/node`)
      database.put('one', '1')
      database.put('two', '2')
      database.keyspace('users', { keys: 'utf8', values: 'json' }).put('ada', { born: 1815, name: 'Ada é' })
      database.close()
      const { status, stdout, stderr } = vm.startVm([kernel, library, directory])
      expect(status, stdout + stderr).toBe(0)
      expect(stdout).toMatch(/^[1-9]\d* checks, 0 failed\n$/m)
      using again = Database.open(`${directory}/node`)
      expect(again.verify().ok).toBe(true)
      expect(again.get('three')).toBe('3')
      const users = again.keyspace('users', { keys: 'utf8', values: 'json' })
      expect(users.get('grace')).toEqual({ born: 1906, name: 'Grace ü' })
      for (const name of ['entries', 'ranges', 'transactions', 'changes', 'isolates', 'async']) {
        using database = Database.open(`${directory}/${name}`)
        expect(database.verify().ok, name).toBe(true)
      }
    })
  })
})
