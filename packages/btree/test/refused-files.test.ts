// Strategy: files that must be refused at open. Invariants: the code is the documented one, and no byte of the file changes.
import { readFileSync } from 'node:fs'
import { isLdbError } from '@ldb/base'
import { encodeFileHeader } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import type { TreeIdentity } from '../src/file/options.js'
import { FILE_KIND, META_BLOCK_BYTES, META_COPY_BLOCK, META_STRIDE } from '../src/format.js'
import { contentOf } from './golden.js'

const PATH = '/tree.ldb'

/** Opens a file with the given bytes, and returns the code of the error; the file must stay unchanged. */
function codeOfOpening(bytes: Uint8Array, identity?: TreeIdentity): string {
  const vfs = new MemoryVfs()
  const file = vfs.open(PATH, 'create')
  file.write(bytes, 0, bytes.length, 0)
  file.close()
  let code = 'opened'
  try {
    BTree.open(vfs, PATH, { create: false, ...(identity !== undefined && { identity }) }).close()
  } catch (error) {
    code = isLdbError(error) ? error.code : String(error)
  }
  if (code !== 'opened') expect(contentOf(vfs, PATH)).toEqual(bytes)
  return code
}

function fixture(version: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`fixtures/${version}/tree.ldb`, import.meta.url)))
}

const GOLDEN = fixture('v4')
const IDENTITY: TreeIdentity = { fileId: GOLDEN.slice(24, 40), pageBytes: 512 }

test('a file of an older format version is LDB_FORMAT', () => {
  for (const version of ['v1', 'v2', 'v3']) {
    expect(codeOfOpening(fixture(version)), version).toBe('LDB_FORMAT')
    expect(codeOfOpening(fixture(version), IDENTITY), version).toBe('LDB_FORMAT')
  }
})

test.each([
  ['a newer version', { format: 5, minimumReader: 5, flags: 0 }, 'LDB_FORMAT'],
  ['an encrypted file', { format: 4, minimumReader: 4, flags: 1 }, 'LDB_UNSUPPORTED'],
  ['a file with an undefined flag', { format: 4, minimumReader: 4, flags: 0x8000_0000 }, 'LDB_FORMAT'],
])('%s is refused', (_, header, code) => {
  for (const block of [0, 1]) {
    const bytes = GOLDEN.slice()
    bytes.set(encodeFileHeader({ kind: FILE_KIND, ...header }), block * META_STRIDE)
    expect(codeOfOpening(bytes)).toBe(code)
    expect(codeOfOpening(bytes, IDENTITY)).toBe(code)
  }
})

test.each([
  ['zero', () => 0],
  ['text', () => 0x41],
])(
  'meta blocks overwritten with %s are LDB_CORRUPTION when the owner knows the file, LDB_FORMAT otherwise',
  (_, byte) => {
    const bytes = GOLDEN.slice()
    for (const block of [0, 1, 2, META_COPY_BLOCK]) {
      bytes.fill(byte(), block * META_STRIDE, block * META_STRIDE + META_BLOCK_BYTES)
    }
    expect(codeOfOpening(bytes)).toBe('LDB_FORMAT')
    expect(codeOfOpening(bytes, IDENTITY)).toBe('LDB_CORRUPTION')
  },
)

test('another file than the owner expects is LDB_CORRUPTION', () => {
  expect(codeOfOpening(GOLDEN, IDENTITY)).toBe('opened')
  expect(codeOfOpening(GOLDEN, { ...IDENTITY, fileId: new Uint8Array(16) })).toBe('LDB_CORRUPTION')
  expect(codeOfOpening(GOLDEN, { ...IDENTITY, pageBytes: 1024 })).toBe('LDB_CORRUPTION')
})
