// The installed library is found by CMake and by pkg-config, after its folder was moved.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runNative, whyNotBuildable, withDirectory } from './native-library.js'

/** The scripts of `native`, which have no types of their own. */
interface Installer {
  whyNoCmake(): string | undefined
  install(prefix: string): Promise<void>
  runCmake(options: readonly string[]): void
}

const installer = (await import(new URL('../native/install.js', import.meta.url).href)) as Installer
const programs = fileURLToPath(new URL('native', import.meta.url))
const reason = whyNotBuildable ?? installer.whyNoCmake() ?? missing('pkg-config')
if (reason !== undefined) console.warn(`tests of the installed C library are skipped: ${reason}`)

function missing(tool: string): string | undefined {
  return spawnSync(tool, ['--version']).error === undefined ? undefined : `${tool} is not installed`
}

describe.runIf(reason === undefined)('the installed library', () => {
  it('is found by find_package and by pkg-config', { timeout: 240_000 }, async () => {
    await withDirectory(async (folder) => {
      await installer.install(`${folder}/first`)
      renameSync(`${folder}/first`, `${folder}/moved`)
      const prefix = `${folder}/moved`
      for (const name of ['libldb.so', 'libldb.so.1', 'libldb.a'])
        expect(existsSync(`${prefix}/lib/${name}`)).toBe(true)

      const user = `${folder}/user`
      installer.runCmake(['-S', programs, '-B', user, `-DCMAKE_PREFIX_PATH=${prefix}`])
      installer.runCmake(['--build', user])
      const configured = `${user}/with-pkg-config`
      const env = { ...process.env, PKG_CONFIG_PATH: `${prefix}/lib/pkgconfig` }
      const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'ldb'], { env, encoding: 'utf8' })
      const options = flags.trim().split(/\s+/)
      execFileSync('gcc', [
        '-D_GNU_SOURCE',
        `${programs}/driver.c`,
        '-o',
        configured,
        ...options,
        `-Wl,-rpath,${prefix}/lib`,
      ])

      for (const program of [`${user}/with-shared`, `${user}/with-static`, configured]) {
        const path = `${program}-db`
        runNative(program, ['fill', path, '1', '-', '-', '0', '20'])
        expect(runNative(program, ['dump', path, '1', '-', '-']).split('\n').length).toBe(21)
      }
      // The static form needs no library beside it, and the shared one exports what the header declares.
      expect(execFileSync('ldd', [`${user}/with-static`], { encoding: 'utf8' })).not.toContain('ldb.so')
      expect(execFileSync('ldd', [`${user}/with-shared`], { encoding: 'utf8' })).toContain(
        `${prefix}/lib/libldb.so.1`,
      )
      const header = readFileSync(`${prefix}/include/ldb.h`, 'utf8')
      const declared = [...header.matchAll(/^LDB_API [^;]*?(ldb_\w+)\(/gm)].map(([, name]) => name as string)
      const symbols = execFileSync('nm', ['-D', '--defined-only', `${prefix}/lib/libldb.so.1`], {
        encoding: 'utf8',
      })
      const exported = [...symbols.matchAll(/ T (\w+)/g)].map(([, name]) => name as string)
      expect([...exported].sort()).toEqual([...declared].sort())
    })
  })
})
