// Each rule must fail where it should: a rule that finds nothing in a bad sample guards nothing.
import { describe, expect, test } from 'vitest'

import { checkArrows } from '../src/rules/arrows.js'
import { checkDocumentation } from '../src/rules/documentation.js'
import { checkFileNames } from '../src/rules/file-names.js'
import type { Finding } from '../src/finding.js'
import { checkTableConstants, checkTableShape, parseFormatTables } from '../src/rules/format-tables.js'
import { checkLeftovers } from '../src/rules/leftovers.js'
import { checkManifest } from '../src/rules/manifests.js'
import { checkLinks, checkTitle } from '../src/rules/markdown.js'
import { checkPortability } from '../src/rules/portability.js'
import { checkPublicApi } from '../src/rules/public-api.js'
import { checkReachability } from '../src/rules/reachability.js'
import { checkReadmeParts } from '../src/rules/readme-parts.js'
import { checkSizes } from '../src/rules/sizes.js'
import type { Manifest, Package } from '../src/workspace.js'
import { samplePackage } from './sample.js'

type Rule = (subject: Package) => Finding[]
type Canary = [what: string, expected: string, files: Record<string, string>, manifest?: Partial<Manifest>]

const withBase = { '@ldb/base': 'workspace:*' }
const long = (lines: number): string => '  let a = 1\n'.repeat(lines)

const canaries: [Rule, Canary[]][] = [
  [
    checkArrows,
    [
      ['an upward import', 'does not name', { 'src/lsn.ts': "import { open } from '@ldb/core'" }],
      ['an upward type', 'does not name', { 'src/lsn.ts': "import type { Database } from '@ldb/core'" }],
      ['an upward type inline', 'does not name', { 'src/lsn.ts': "export type A = import('@ldb/core').A" }],
      ['a require', 'does not name', { 'src/lsn.ts': "createRequire(import.meta.url)('@ldb/core')" }],
      ['a re-export', 'does not name', { 'src/lsn.ts': "export { a } from '@ldb/btree'" }],
      [
        'an upward dependency',
        'must not stand on',
        {},
        { dependencies: { ...withBase, '@ldb/core': 'workspace:*' } },
      ],
      ['a foreign dependency', 'must not stand on', {}, { dependencies: { ...withBase, lodash: '1' } }],
      [
        'a dependency unused',
        'no source imports',
        {},
        { dependencies: { ...withBase, '@ldb/vfs': 'workspace:*' } },
      ],
      ['a private file', 'private file', { 'src/lsn.ts': "import { a } from '@ldb/base/dist/bytes.js'" }],
      ['a way out', 'reaches out of the package', { 'src/lsn.ts': "import '../../base/src/bytes.js'" }],
      ['a test imported', 'reaches out of src', { 'src/lsn.ts': "import '../test/model.js'" }],
    ],
  ],
  [
    checkPortability,
    [
      ["Node's module", 'imports node:fs', { 'src/lsn.ts': "import { readFileSync } from 'node:fs'" }],
      ["Node's module, bare", 'imports fs', { 'src/lsn.ts': "import { readFileSync } from 'fs'" }],
      ['Buffer as a value', 'uses Buffer', { 'src/lsn.ts': 'export const a = Buffer.alloc(1)' }],
      ['Buffer as a type', 'uses Buffer', { 'src/lsn.ts': 'export function a(b: Buffer): void {}' }],
      ['a timer', 'uses setTimeout', { 'src/lsn.ts': 'setTimeout(() => {}, 1)' }],
      ['the console', 'uses console', { 'src/lsn.ts': 'console.log(1)' }],
      ['a global by its object', 'uses globalThis.process', { 'src/lsn.ts': 'globalThis.process.exit()' }],
      ['the clock', 'uses Date.now', { 'src/lsn.ts': 'Date.now()' }],
      ['the clock as a date', 'the clock', { 'src/lsn.ts': 'new Date()' }],
      ['chance', 'uses Math.random', { 'src/lsn.ts': 'Math.random()' }],
      ['an encoder', 'uses TextEncoder', { 'src/lsn.ts': 'const a = { b: new TextEncoder() }' }],
    ],
  ],
  [
    checkPublicApi,
    [
      ['a star', 'hides what', { 'src/lsn.ts': "export * from './wal.js'" }],
      ['a named star', 'hides what', { 'src/lsn.ts': "export * as wal from './wal.js'" }],
      ['a default export', 'default export', { 'src/lsn.ts': 'export default 1' }],
      ['a default function', 'default export', { 'src/lsn.ts': 'export default function a() {}' }],
      [
        'logic in the index',
        'only re-exports',
        { 'src/index.ts': '/** @packageDocumentation */\nexport const a = 1' },
      ],
      [
        'an index without a word',
        '@packageDocumentation',
        { 'src/index.ts': "export { Wal } from './wal.js'" },
      ],
    ],
  ],
  [
    checkDocumentation,
    [
      [
        'an export without a comment',
        'Lsn is exported without',
        { 'src/lsn.ts': 'export type Lsn = number' },
      ],
      [
        'a comment without a sentence',
        'Lsn is exported without',
        { 'src/lsn.ts': '/** @category A */\nexport type Lsn = 1' },
      ],
      [
        'no category',
        'Lsn has no @category',
        { 'src/lsn.ts': '/** A position. */\nexport type Lsn = number' },
      ],
      [
        'a bare method',
        'Wal.sync',
        { 'src/wal.ts': '/** A. @category A */\nexport class Wal { sync(): void {} }' },
      ],
    ],
  ],
  [checkReachability, [['an orphan', 'no file imports', { 'src/orphan.ts': 'export const a = 1' }]]],
  [
    checkSizes,
    [
      ['a long file', '351 lines', { 'src/lsn.ts': 'let a = 1\n'.repeat(351) }],
      ['a long function', 'a has 71 lines', { 'src/lsn.ts': `function a() {\n${long(69)}}\n` }],
      ['a long method', 'b has 71 lines', { 'src/lsn.ts': `class A {\nb() {\n${long(69)}}\n}\n` }],
      ['a long arrow', 'a function has 71 lines', { 'src/lsn.ts': `const a = () => {\n${long(69)}}\n` }],
    ],
  ],
  [
    checkFileNames,
    [
      ['utils', 'names no concept', { 'src/utils.ts': '' }],
      ['a folder of helpers', 'names no concept', { 'src/helpers/a.ts': '' }],
      ['common in tests', 'names no concept', { 'test/common.ts': '' }],
      ['camelCase', 'not kebab-case', { 'src/segmentHeader.ts': '' }],
      ['an inner index', 'only the top', { 'src/page/index.ts': '' }],
    ],
  ],
  [
    checkManifest,
    [
      ['another license', 'MIT', {}, { license: 'ISC' }],
      ['side effects', 'sideEffects', {}, { sideEffects: true }],
      ['no exports', 'exports lacks', {}, { exports: {} }],
      ['an ES module for require', 'main is not', {}, { main: './lib/index.js' }],
      ['no types for old resolution', 'types is not', {}, { types: './lib/index.d.ts' }],
      [
        'a third door',
        'only',
        {},
        { exports: { '.': {}, './package.json': '', './inner': './dist/inner.js' } },
      ],
      [
        'no bundle of a host',
        'not the common form',
        {},
        { imports: { '#twin': { node: './dist/twin-node.js', default: './dist/twin.js' } } },
      ],
      ['another build', "'build'", {}, { scripts: { build: 'rollup' } }],
      ['tests shipped', '!src/**/*.test.ts', {}, { files: ['lib', 'src', 'README.md'] }],
      ['a fixed version', 'not taken from the workspace', {}, { dependencies: { '@ldb/base': '1.0.0' } }],
      [
        'a reference missing',
        'no reference to @ldb/vfs',
        {},
        { dependencies: { ...withBase, '@ldb/vfs': 'workspace:*' } },
      ],
      ['a reference too many', 'which is no dependency', {}, { dependencies: {} }],
      ['bytes undocumented', 'no FORMAT.md', { 'src/format.ts': '' }],
    ],
  ],
]

describe.each(canaries.map(([rule, cases]) => [rule.name, rule, cases] as const))(
  '%s',
  (_name, rule, cases) => {
    test('lets a good package pass', () => {
      expect(rule(samplePackage())).toEqual([])
    })

    test.each(cases)('catches %s', (_what, expected, files, manifest) => {
      const messages = rule(samplePackage(files, manifest)).map(({ message }) => message)
      expect(messages.join('\n')).toContain(expected)
    })
  },
)

test('portable code may name its own things like a global, and members anything', () => {
  const innocent = 'export function a(process: { console: number }): number { return process.console }'
  expect(checkPortability(samplePackage({ 'src/lsn.ts': innocent }))).toEqual([])
})

describe('the list of long files', () => {
  const subject = samplePackage({ 'src/lsn.ts': 'let a = 1\n'.repeat(450) })

  test('lets a file be as long as it says', () => {
    expect(checkSizes(subject, { 'packages/wal/src/lsn.ts': { lines: 450, reason: '-' } })).toEqual([])
  })

  test.each([
    [449, '450 lines, 449 allowed'],
    [451, 'lower its number'],
  ])('of %i lines catches one of 450', (lines, expected) => {
    const [finding] = checkSizes(subject, { 'packages/wal/src/lsn.ts': { lines, reason: '-' } })
    expect(finding?.message).toContain(expected)
  })
})

test.each([
  '// TODO: the rest',
  '// FIXME',
  'throw new Error("not implemented")',
  '// good enough for now',
  '// @ts-ignore',
  'const a = b as any',
  '// see issue #12',
  'test.only("a", () => {})',
  'describe.skip("a", () => {})',
  '// oxlint-disable-next-line no-console',
  '// @ts-expect-error',
  '/* c8 ignore next */',
])('a leftover is caught: %s', (line) => {
  expect(checkLeftovers('a.ts', `const a = 1\n${line}\n`).map(({ place }) => place)).toContain('a.ts:2')
})

test.each([
  '// oxlint-disable-next-line no-console -- the demo speaks to a person',
  '// @ts-expect-error -- the type forbids it, and so must the code',
  'const transaction = latest.only',
])('an exception with a reason passes: %s', (line) => {
  expect(checkLeftovers('a.ts', line)).toEqual([])
})

describe('Markdown', () => {
  test.each(['no title', '# One\n\n# Two\n', 'Text first\n\n# One\n'])(
    'with a bad title is caught: %j',
    (text) => {
      expect(checkTitle('README.md', text)).toHaveLength(1)
    },
  )

  test('may have comments that look like titles in its examples', () => {
    expect(checkTitle('README.md', '# One\n\n```sh\n# Two\n```\n')).toEqual([])
  })

  test('of a package without a part that users need is caught', () => {
    const options =
      'interface WalOptions {\n  readonly segmentBytes?: number\n  /** @internal */\n  readonly own?: 1\n}\n'
    const parts = {
      'does not say how the package is installed': '```sh\nnpm install @ldb/wal\n```\n',
      'has no example': '```ts\n1\n```\n',
      'does not say what the package is not': 'It is **not** a queue.\n',
      'has no row for the option segmentBytes': '| `segmentBytes` |\n',
    }
    const checked = (text: string): readonly string[] =>
      checkReadmeParts({
        ...samplePackage({ 'src/options.ts': options }),
        documents: new Map([['README.md', text]]),
      }).map(({ message }) => message)
    expect(checked(Object.values(parts).join('\n'))).toEqual([])
    for (const [message, part] of Object.entries(parts)) {
      const others = Object.values(parts).filter((each) => each !== part)
      expect(checked(others.join('\n'))).toEqual([message])
    }
  })

  test('with a dead link or a dead path is caught', () => {
    const text = 'See [this](./SPEC.md), [that](https://example.org) and `packages/wal/src/none.ts`.'
    const messages = checkLinks('packages/wal/README.md', text, (path) => path === 'packages/wal/README.md')
    expect(messages.map(({ message }) => message)).toEqual([
      'links to ./SPEC.md, which is not there',
      'names packages/wal/src/none.ts, which is not there',
    ])
  })
})

describe('format tables', () => {
  const table = (rows: string): ReturnType<typeof parseFormatTables>[number] =>
    parseFormatTables(
      `## Section header\n\n| OFFSET | SIZE | TYPE | FIELD | MEANING |\n|---|---|---|---|---|\n${rows}`,
    )[0]!
  const good =
    '| 0 | 4 | u32 | keyspaceId | a |\n| 4 | 8 | u64 | `seq` | b |\n| 12 | n | bytes | body | c |\n'
  const constants = {
    SECTION_HEADER_KEYSPACE_ID_OFFSET: 0,
    SECTION_HEADER_SEQ_OFFSET: 4,
    SECTION_HEADER_BODY_OFFSET: 12,
  }

  test('that agree with the constants pass', () => {
    expect(table(good).rows).toHaveLength(3)
    expect(checkTableShape('FORMAT.md', table(good))).toEqual([])
    expect(checkTableConstants('FORMAT.md', table(good), constants)).toEqual([])
  })

  test('may name their constants otherwise', () => {
    const pairs: [string, Record<string, unknown>][] = [
      ['HEADER_*', { HEADER_KEYSPACE_ID: 0, HEADER_SEQ: 4, HEADER_BODY: 12 }],
      ['HeaderOffset.*', { HeaderOffset: { keyspaceId: 0, seq: 4, body: 12 } }],
    ]
    for (const [pattern, named] of pairs) {
      expect(checkTableConstants('FORMAT.md', table(good), named, pattern)).toEqual([])
      expect(checkTableConstants('FORMAT.md', table(good), {}, pattern)).toHaveLength(3)
    }
  })

  test('with a gap, an overlap or a wrong size are caught', () => {
    expect(checkTableShape('a', table('| 0 | 4 | u32 | a | |\n| 8 | 4 | u32 | b | |\n'))).toHaveLength(1)
    expect(checkTableShape('a', table('| 0 | 4 | u32 | a | |\n| 2 | 4 | u32 | b | |\n'))).toHaveLength(1)
    expect(checkTableShape('a', table('| 0 | 4 | u64 | a | |\n'))).toHaveLength(1)
  })

  test('that differ from the constants are caught', () => {
    const moved = { ...constants, SECTION_HEADER_SEQ_OFFSET: 8 }
    expect(checkTableConstants('a', table(good), moved)[0]?.message).toBe(
      'seq is at 4, but SECTION_HEADER_SEQ_OFFSET is 8',
    )
    expect(checkTableConstants('a', table(good), {})).toHaveLength(3)
  })
})
