import { parseSource } from '../src/source-file.js'
import type { Manifest, Package } from '../src/workspace.js'

const GOOD_MANIFEST: Manifest = {
  name: '@ldb/wal',
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  repository: { directory: 'packages/wal' },
  keywords: ['log'],
  homepage: 'https://example.org',
  bugs: 'https://example.org/issues',
  main: './lib/index.cjs',
  types: './lib/index.d.cts',
  exports: {
    '.': {
      '@ldb/source': './src/index.ts',
      types: { import: './lib/index.d.ts', default: './lib/index.d.cts' },
      module: './lib/index.js',
      import: './lib/index.mjs',
      default: './lib/index.cjs',
    },
    './package.json': './package.json',
  },
  files: ['lib', 'src', '!src/**/*.test.ts', 'README.md'],
  scripts: {
    build: 'tsc -b && node ../../tooling/bundle/main.js',
    test: 'vitest run',
    lint: 'tsc -p tsconfig.test.json',
    docs: 'typedoc',
  },
  dependencies: { '@ldb/base': 'workspace:*' },
  devDependencies: { vitest: 'catalog:' },
}

const GOOD_FILES: Readonly<Record<string, string>> = {
  'src/index.ts':
    "/** A log. @packageDocumentation */\nexport { Wal } from './wal.js'\nexport type { Lsn } from './lsn.js'\n",
  'src/wal.ts':
    "import { assert } from '@ldb/base'\n/** A log. @category Log */\nexport class Wal {\n" +
    '  /** Syncs. */\n  sync(): void {\n    assert(true, "")\n  }\n  #own(): void {}\n}\n',
  'src/lsn.ts': '/** A position. @category Log */\nexport type Lsn = number\n',
  'src/wal.test.ts': "import { test } from 'vitest'\n",
}

/** A package in which every rule is kept, with some files or parts of its manifest replaced. */
export function samplePackage(
  files: Readonly<Record<string, string>> = {},
  manifest: Partial<Manifest> = {},
): Package {
  const texts = { ...GOOD_FILES, ...files }
  return {
    name: '@ldb/wal',
    folder: 'packages/wal',
    manifest: { ...GOOD_MANIFEST, ...manifest },
    files: Object.entries(texts).map(([path, text]) => parseSource('packages/wal', path, text)),
    documents: new Map([['README.md', '# @ldb/wal\n\n```ts\n1\n```\n']]),
    references: ['base'],
  }
}
