// The rules on folders, import cycles and words must fail where they should.
import { describe, expect, test } from 'vitest'

import { checkCycles } from '../src/rules/cycles.js'
import { checkFolders } from '../src/rules/folders.js'
import { checkWords } from '../src/rules/words.js'
import { samplePackage } from './sample.js'

describe('folders', () => {
  const table = { 'packages/wal': { layers: ['upper', 'lower'], ground: ['format'] } }
  const messagesOf = (files: Record<string, string>): string[] =>
    checkFolders(samplePackage(files), table).map(({ message }) => message)
  const both = { 'src/upper/a.ts': "import '../lower/b.js'\n", 'src/lower/b.ts': "import '../format.js'\n" }

  test('that import downwards pass', () => {
    expect(messagesOf(both)).toEqual([])
  })

  test('that import upwards are caught, as a type too', () => {
    const upwards = "import type { A } from '../upper/a.js'\n"
    expect(messagesOf({ ...both, 'src/lower/b.ts': upwards })).toEqual(['lower is below upper'])
    const root = "import { Wal } from '../wal.js'\n"
    expect(messagesOf({ ...both, 'src/lower/b.ts': root })).toEqual(['lower is below wal at the root'])
  })

  test('that no row names, and rows that no folder has, are caught', () => {
    expect(messagesOf({ 'src/upper/a.ts': '', 'src/other/b.ts': '' })).toEqual([
      'is not in FOLDER_LAYERS',
      'FOLDER_LAYERS names the absent folder lower',
    ])
    const { folder } = samplePackage()
    expect(checkFolders(samplePackage(both), {}).map(({ place }) => place)).toEqual([folder])
  })

  test('with more files than a screen shows are caught', () => {
    const files = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`src/upper/f${index}.ts`, '']))
    expect(messagesOf({ ...both, ...files })[0]).toMatch(/18 files, 16 allowed/)
  })
})

describe('cycles', () => {
  const cycle = {
    'src/lsn.ts': "import type { Wal } from './wal.js'\n",
    'src/wal.ts': "import type { Lsn } from './lsn.js'\n",
  }

  test('of files are caught, as types too', () => {
    expect(checkCycles(samplePackage()).length).toBe(0)
    expect(checkCycles(samplePackage(cycle)).map(({ message }) => message)).toEqual([
      'imports itself through packages/wal/src/wal.ts',
    ])
  })

  test('that are known pass', () => {
    const known = { 'packages/wal/src/lsn.ts packages/wal/src/wal.ts': 'a reason' }
    expect(checkCycles(samplePackage(cycle), known)).toEqual([])
  })
})

test.each([
  'a record that is lent',
  'const isLent = true',
  'pages.giveUp(page)',
  'nobody reads it',
  'it is made sure of',
  'the way down',
  'the sync face',
  'gives back a frame',
])('the old term in "%s" is caught', (line) => {
  expect(checkWords('a.ts', line)).toHaveLength(1)
})

test('standard terms pass', () => {
  const text =
    'Borrowed until unpin. The descent reads the page. Returns the value. silent, excellent, talent'
  expect(checkWords('a.ts', text)).toEqual([])
})
