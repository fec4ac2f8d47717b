// The linter's configuration must bite too: samples of everything it forbids, linted in a workspace made for them.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { ROOT } from '../src/workspace.js'

const PORTABLE = 'packages/wal/src'
const samples: [rule: string, path: string, text: string][] = [
  [
    'no-restricted-imports',
    `${PORTABLE}/a.ts`,
    "import { rmSync } from 'node:fs'\nexport const a: unknown = rmSync\n",
  ],
  [
    'no-restricted-imports',
    `${PORTABLE}/b.ts`,
    "import { b } from '@ldb/base/src/b.js'\nexport const a: unknown = b\n",
  ],
  ['no-console', `${PORTABLE}/c.ts`, 'console.log(1)\n'],
  ['no-cycle', `${PORTABLE}/d.ts`, "import { e } from './e.js'\nexport const d = (): unknown => e\n"],
  ['no-cycle', `${PORTABLE}/e.ts`, "import { d } from './d.js'\nexport const e = (): unknown => d\n"],
  ['no-floating-promises', `${PORTABLE}/f.ts`, 'export async function f(): Promise<void> {}\nf()\n'],
  [
    'no-misused-promises',
    `${PORTABLE}/g.ts`,
    'async function g(): Promise<void> {}\nexport const a = g() ? 1 : 2\n',
  ],
  [
    'await-thenable',
    `${PORTABLE}/h.ts`,
    'export async function h(a: number): Promise<number> { return await a }\n',
  ],
  [
    'switch-exhaustiveness-check',
    `${PORTABLE}/i.ts`,
    "export function i(a: 'x' | 'y'): void { switch (a) { case 'x': break } }\n",
  ],
  [
    'consistent-type-imports',
    `${PORTABLE}/j.ts`,
    "import { K } from './k.js'\nexport const j = (a: K): K => a\n",
  ],
  ['no-non-null-assertion', `${PORTABLE}/l.ts`, 'export const l = (a: number[]): number => a[0]!\n'],
  ['no-explicit-any', `${PORTABLE}/m.ts`, 'export const m = (a: any): void => a()\n'],
  ['no-default-export', `${PORTABLE}/n.ts`, 'export default 1\n'],
  ['max-lines-per-function', `${PORTABLE}/o.ts`, `export function o(): void {\n${'  o()\n'.repeat(70)}}\n`],
  ['max-lines', `${PORTABLE}/p.ts`, 'export {}\n'.repeat(401)],
  ['eqeqeq', `${PORTABLE}/q.ts`, 'export const q = (a: number): boolean => a == 1\n'],
  ['only-throw-error', `${PORTABLE}/r.ts`, "export const r = (): void => { throw 'r' }\n"],
  ['no-focused-tests', `${PORTABLE}/s.test.ts`, "import { test } from 'vitest'\ntest.only('s', () => {})\n"],
  ['no-disabled-tests', `${PORTABLE}/t.test.ts`, "import { test } from 'vitest'\ntest.skip('t', () => {})\n"],
  ['filename-case', `${PORTABLE}/fileName.ts`, 'export const u = 1\n'],
]
const innocents: [path: string, text: string][] = [
  [`${PORTABLE}/k.ts`, 'export interface K {\n  readonly k: number\n}\n'],
  [`${PORTABLE}/hash-node.ts`, "import { rmSync } from 'node:fs'\nexport const a: unknown = rmSync\n"],
  [
    'packages/vfs/src/node/node-vfs.ts',
    "import { rmSync } from 'node:fs'\nexport const a: unknown = rmSync\n",
  ],
  ['packages/wal/test/v.test.ts', "import { rmSync } from 'node:fs'\nconsole.log([rmSync][0]!)\n"],
  ['apps/demo/src/main.ts', "import { rmSync } from 'node:fs'\nconsole.log(rmSync)\n"],
]

let folder = ''
let problems: { file: string; rule: string }[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-lint-'))
  cpSync(join(ROOT, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
  const compilerOptions = { strict: true, module: 'nodenext', target: 'es2022', types: [] }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['packages', 'apps'] }),
  )
  for (const [path, text] of [...samples.map(([, path, text]) => [path, text] as const), ...innocents]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const oxlint = join(ROOT, 'node_modules', 'oxlint', 'bin', 'oxlint')
  const { stdout } = spawnSync(process.execPath, [oxlint, '--type-aware', '--format=json', '.'], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, OXLINT_TSGOLINT_PATH: join(ROOT, 'node_modules', '.bin', 'tsgolint') },
  })
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { filename: string; code: string }[] }
  problems = diagnostics.map(({ filename, code }) => ({
    file: filename,
    rule: /\((.*)\)/.exec(code)?.[1] ?? code,
  }))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the linter', () => {
  test.each(samples)('applies %s to %s', (rule, path) => {
    expect(problems.filter(({ file }) => file === path).map((problem) => problem.rule)).toContain(rule)
  })

  test.each(innocents)('lets %s pass', (path) => {
    expect(problems.filter(({ file }) => file === path)).toEqual([])
  })
})
