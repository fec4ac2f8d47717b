import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFunction } from 'node:vm'

import { describe, expect, test } from 'vitest'

import { bundlesOf } from '../bundle.js'
import { commonModuleOf } from '../common-module.js'
import { targetsOf } from '../targets.js'

type Manifest = Parameters<typeof targetsOf>[0]

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url))

describe.each(readdirSync(packages))('the bundles of %s', (name) => {
  test('contain every module that they need, and no other package of the workspace', async () => {
    const folder = join(packages, name)
    const bundles = await bundlesOf(folder)
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
    const targets = targetsOf(manifest).map(({ path }) => join(folder, path))
    const paths = bundles.map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(targets.filter((path) => !path.endsWith('.mjs'))))
    expect(targets.length).toBeGreaterThan(2)
    for (const { text, sources, path } of bundles) {
      const imports = [...text.matchAll(/(?: from |\brequire\()"([^"]+)"/g)].map(([, from = '']) => from)
      expect(imports.filter((from) => from.startsWith('.') || from.startsWith('#'))).toEqual([])
      // The CommonJS bundles contain the packages that are ES modules only.
      const own = join(folder, path.endsWith('.cjs') ? '' : 'src')
      expect(sources.filter((source) => !source.startsWith(own) && !source.includes('/@noble/'))).toEqual([])
      if (!path.endsWith('.cjs')) continue
      expect(text).toMatch(/^"use strict";/)
      // What is loaded late is a call: no class may extend it, and no list may export it.
      expect(text).not.toMatch(/extends load[A-Z]/)
      expect(() => compileFunction(text, ['require', 'module'])).not.toThrow()
      expect(imports.filter((from, index) => imports.indexOf(from) < index)).toEqual([])
    }
  })
})

describe('a CommonJS module', () => {
  test('requires what the bundle imports, and exports its names', () => {
    const text =
      '// a\nimport { one, two as two2 } from "@ldb/base";\nimport * as fs from "node:fs";\nimport path from "node:path";\n' +
      'var url = import.meta.url;\nexport {\n  a2 as a,\n  b\n};\n'
    expect(commonModuleOf(text).split('\n').slice(1)).toEqual([
      'const { one, two: two2 } = require("@ldb/base");',
      'const fs = require("node:fs");',
      'const path = require("node:path");',
      'var url = ldbModuleUrl;',
      'module.exports = {',
      '  a: a2,',
      '  b',
      '};',
      '',
    ])
  })

  test('requires each module once, and keeps the lines', () => {
    const text =
      '// a\nimport {\n  one\n} from "@ldb/base";\nvar a = one;\nimport {\n  one as one2,\n  two\n} from "@ldb/base";\n' +
      'import * as fs from "node:fs";\nimport path from "node:path";\nimport path2 from "node:path";\nexport { a };\n'
    expect(commonModuleOf(text).split('\n').slice(1)).toEqual([
      'const ldbModule0 = require("@ldb/base"); const {',
      '  one',
      '} = ldbModule0;',
      'var a = one;',
      'const {',
      '  one: one2,',
      '  two',
      '} = ldbModule0;',
      'const fs = require("node:fs");',
      'const ldbModule1 = require("node:path"); const path = ldbModule1;',
      'const path2 = ldbModule1;',
      'module.exports = { a };',
      '',
    ])
  })

  test('loads the LSM engine when a name of it is used, and keeps the lines', () => {
    const text =
      '// a\nimport {\n  LsmTree,\n  salvage as salvage2\n} from "@ldb/lsm";\nimport { LsmTree as LsmTree2 } from "@ldb/lsm";\n' +
      'const open = () => [LsmTree.open(salvage2), LsmTree2.LsmTree, x.LsmTree, new LsmTree(1)];\nexport { open };\n'
    expect(commonModuleOf(text).split('\n').slice(1)).toEqual([
      'let loadLsmModule; const loadLsm = () => loadLsmModule ??= require("@ldb/lsm");',
      '',
      '',
      '',
      '',
      'const open = () => [loadLsm().LsmTree.open(loadLsm().salvage), loadLsm().LsmTree.LsmTree, x.LsmTree, new (loadLsm().LsmTree)(1)];',
      'module.exports = { open };',
      '',
    ])
  })

  test('loads a module of Node that is rarely used when it is used', () => {
    const text =
      '// a\nimport * as nodeZlib from "node:zlib";\nimport { inflateRawSync as inflate } from "node:zlib";\n' +
      'const a = () => [nodeZlib.zstd, inflate(1)];\nexport { a };\n'
    expect(commonModuleOf(text).split('\n').slice(1, 4)).toEqual([
      'let loadZlibModule; const loadZlib = () => loadZlibModule ??= require("node:zlib");',
      '',
      'const a = () => [loadZlib().zstd, loadZlib().inflateRawSync(1)];',
    ])
  })

  test('is ASCII', () => {
    expect(commonModuleOf('// a\n// 2^32 − 1\nexport { };\n')).toContain('// 2^32 - 1')
  })

  test.each(['import "node:fs";', 'export default 1;', 'export const a = 1;', 'import a, { b } from "c";'])(
    'cannot be made of %s',
    (line) => {
      expect(() => commonModuleOf(`// a\n${line}\n`)).toThrow(line)
    },
  )
})

test('a replaced source is in each bundle that contains the source', async () => {
  const folder = join(packages, 'lsm')
  const bundles = await bundlesOf(folder)
  const replaced = join(folder, 'src', 'worker', 'thread-node.ts')
  const text = `${readFileSync(replaced, 'utf8')}\nglobalThis.seeded = true\n`
  const changed = await bundlesOf(folder, { path: replaced, text })
  expect(changed.map(({ text: bundle }) => bundle.includes('globalThis.seeded = true'))).toEqual(
    bundles.map(({ sources }) => sources.includes(replaced)),
  )
  expect(bundles.some(({ sources }) => !sources.includes(replaced))).toBe(true)
})
