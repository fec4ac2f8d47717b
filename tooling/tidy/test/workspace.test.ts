// Holds the rules against the workspace itself. A failure lists places; canaries.test.ts shows that each rule bites.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { checkArrows } from '../src/rules/arrows.js'
import { checkCycles, KNOWN_CYCLES } from '../src/rules/cycles.js'
import { checkDocumentation } from '../src/rules/documentation.js'
import { checkFileNames } from '../src/rules/file-names.js'
import { describeFindings } from '../src/finding.js'
import { checkFolders } from '../src/rules/folders.js'
import {
  checkTableConstants,
  checkTableShape,
  CONSTANT_NAMES,
  parseFormatTables,
} from '../src/rules/format-tables.js'
import { checkLeftovers } from '../src/rules/leftovers.js'
import { checkManifest } from '../src/rules/manifests.js'
import { checkLinks, checkTitle } from '../src/rules/markdown.js'
import { checkPortability } from '../src/rules/portability.js'
import { checkPublicApi } from '../src/rules/public-api.js'
import { checkReachability } from '../src/rules/reachability.js'
import { checkReadmeParts } from '../src/rules/readme-parts.js'
import { checkSizes, LONG_FILES } from '../src/rules/sizes.js'
import { checkWords } from '../src/rules/words.js'
import { filesBelow, privatePackages, publicPackages, ROOT } from '../src/workspace.js'
import type { Package } from '../src/workspace.js'

const published = publicPackages()
const everything = [...published, ...privatePackages()]
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const exists = (path: string): boolean => existsSync(join(ROOT, path))

describe.each(published.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  test('stands only on what the picture of the house allows', () => {
    expect(describeFindings(checkArrows(subject))).toEqual([])
  })

  test('is plain ES2022 where it must be portable', () => {
    expect(describeFindings(checkPortability(subject))).toEqual([])
  })

  test('has an index that re-exports by name', () => {
    expect(describeFindings(checkPublicApi(subject))).toEqual([])
  })

  test('says of each exported name what it gives', () => {
    expect(describeFindings(checkDocumentation(subject))).toEqual([])
  })

  test('has no source that no other source imports', () => {
    expect(describeFindings(checkReachability(subject))).toEqual([])
  })

  test('has a README with an installation, an example, its limits and its options', () => {
    expect(describeFindings(checkReadmeParts(subject))).toEqual([])
  })

  test('has the anatomy of a package', () => {
    expect(describeFindings(checkManifest(subject))).toEqual([])
  })

  test('draws its bytes as its constants have them', async () => {
    const findings = []
    const markdown = subject.documents.get('FORMAT.md') ?? ''
    const path = `${subject.folder}/FORMAT.md`
    const tables = parseFormatTables(markdown)
    const constants = tables.length === 0 ? {} : await formatConstants(subject)
    for (const table of tables) {
      findings.push(...checkTableShape(path, table))
      const pattern = CONSTANT_NAMES[subject.name]?.[table.title]
      findings.push(...checkTableConstants(path, table, constants, pattern))
    }
    expect(describeFindings(findings)).toEqual([])
  })
})

describe.each(everything.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  test('has files and functions of a size to read', () => {
    expect(describeFindings(checkSizes(subject))).toEqual([])
  })

  test('has folders that import downwards, and listings that fit a screen', () => {
    expect(describeFindings(checkFolders(subject))).toEqual([])
  })

  test('has no file that imports itself through others', () => {
    expect(describeFindings(checkCycles(subject))).toEqual([])
  })

  test('has file names that name a concept', () => {
    expect(describeFindings(checkFileNames(subject))).toEqual([])
  })
})

describe('every file', () => {
  test('is finished, and has a reason for each exception', () => {
    const paths = ['packages', 'apps', 'tooling'].flatMap((folder) =>
      filesBelow(ROOT, folder, ['.ts', '.js', '.md']),
    )
    // The rule itself and its samples spell out what they look for.
    const own = /^tooling\/tidy\/(?:src\/rules\/leftovers|test\/)/
    const findings = paths
      .filter((path) => !own.test(path))
      .flatMap((path) => checkLeftovers(path, read(path)))
    expect(describeFindings(findings)).toEqual([])
  })

  test('uses the standard terms', () => {
    const atRoot = ['README.md', 'CONTRIBUTING.md', 'TESTING.md', 'SECURITY.md'].filter(exists)
    const below = ['packages', 'apps', 'tooling', 'docs'].flatMap((folder) =>
      filesBelow(ROOT, folder, ['.ts', '.js', '.md']),
    )
    // The rule and its samples spell out what they look for, and changelogs quote the past.
    const own = /^tooling\/tidy\/(?:src\/rules\/words|test\/)|CHANGELOG\.md$/
    const findings = [...atRoot, ...below]
      .filter((path) => !own.test(path))
      .flatMap((path) => checkWords(path, read(path)))
    expect(describeFindings(findings)).toEqual([])
  })

  test('named as an exception is there', () => {
    const paths = Object.keys(KNOWN_CYCLES).flatMap((cycle) => cycle.split(' '))
    expect(paths.filter((path) => !exists(path))).toEqual([])
  })

  test('of Markdown has links that lead somewhere, and a README one title', () => {
    const atRoot = ['README.md', 'CONTRIBUTING.md', 'TESTING.md', 'SECURITY.md'].filter(exists)
    const below = ['packages', 'apps', 'tooling', 'docs'].flatMap((folder) =>
      filesBelow(ROOT, folder, ['.md']),
    )
    const findings = [...atRoot, ...below].flatMap((path) => [
      ...(path.endsWith('README.md') ? checkTitle(path, read(path)) : []),
      ...checkLinks(path, read(path), exists),
    ])
    expect(describeFindings(findings)).toEqual([])
  })

  test('on the list of long files is there', () => {
    expect(Object.keys(LONG_FILES).filter((path) => !exists(path))).toEqual([])
  })
})

test('all public packages are released together', () => {
  const { fixed } = JSON.parse(read('.changeset/config.json')) as { fixed: string[][] }
  expect(fixed).toEqual([published.map(({ name }) => name)])
})

/** What the `format.ts` files of a package export. */
async function formatConstants(subject: Package): Promise<Record<string, unknown>> {
  const modules = subject.files.filter(({ localPath }) => /^src\/(?:.*[-/])?format\.ts$/.test(localPath))
  const loaded = await Promise.all(
    modules.map(({ path }) => import(join(ROOT, path)) as Promise<Record<string, unknown>>),
  )
  return Object.assign({}, ...loaded) as Record<string, unknown>
}
