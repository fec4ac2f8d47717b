// The programs of `examples` run, and do what they say.
import { Database } from '@ldb/core'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildNative, runNative, whyNotBuildable, withDirectory } from './native-library.js'

const examples = fileURLToPath(new URL('../examples', import.meta.url))
const hasPython = spawnSync('python3', ['--version']).error === undefined
if (!hasPython) console.warn('the example in Python is skipped: python3 is not installed')
const hasLevelDb = existsSync('/usr/include/leveldb/c.h')
if (!hasLevelDb) console.warn('the example of LevelDB is skipped: libleveldb-dev is not installed')

const WORDS = 'not 1\nor 1\nto 2\n-\nor 1\nquestion 1\nto 2\n-\n'

describe.runIf(whyNotBuildable === undefined)('examples', () => {
  let library = ''
  beforeAll(async () => {
    library = dirname(await buildNative('driver'))
  }, 240_000)

  function compile(name: string, program: string, ...libraries: string[]): void {
    const flags = ['-std=c11', '-Wall', '-Wextra', '-Werror', `-I${examples}/../native/include`]
    execFileSync('gcc', [...flags, `${examples}/${name}.c`, '-o', program, ...libraries])
  }

  const libraryOptions = (): string[] => [`${library}/libldb.so`, `-Wl,-rpath,${library}`]

  it('order in transactions', async () => {
    await withDirectory((folder) => {
      compile('orders', `${folder}/orders`, ...libraryOptions())
      expect(runNative(`${folder}/orders`, [`${folder}/db`])).toBe(
        'first: ordered\nsecond: not enough\nthird: ordered\n0001 apple\n0003 apple\n',
      )
      using database = Database.open(`${folder}/db`)
      expect(database.keyspaces().map(({ name }) => name)).toEqual(['default', 'stock', 'orders'])
    })
  })

  it('count words as LevelDB does', async () => {
    await withDirectory((folder) => {
      compile('words-ldb', `${folder}/ldb`, ...libraryOptions())
      expect(runNative(`${folder}/ldb`, [`${folder}/ldb-data`])).toBe(WORDS)
      if (!hasLevelDb) return
      compile('words-leveldb', `${folder}/leveldb`, '-lleveldb')
      expect(runNative(`${folder}/leveldb`, [`${folder}/leveldb-data`])).toBe(WORDS)
    })
  })

  it.runIf(hasPython)('write notes from Python', async () => {
    await withDirectory((folder) => {
      const output = runNative('python3', [`${examples}/notes.py`, `${library}/libldb.so.1`, `${folder}/db`])
      expect(output).toMatch(
        /^feed the cat None\nnote0 buy milk\nnote1 feed the cat\nnote2 sleep\nLDB_CLOSED: .+\n$/,
      )
      using database = Database.open(`${folder}/db`)
      expect(database.get('note2')).toBe('sleep')
    })
  })
})
