import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import { bundlesOf } from '../bundle.js'

const packages = fileURLToPath(new URL('../../../packages/', import.meta.url))

describe.each(readdirSync(packages))('the bundles of %s', (name) => {
  test('contain every module that they need, and no other package', async () => {
    const folder = join(packages, name)
    const bundles = await bundlesOf(folder)
    const { exports: entries } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      exports: { '.': Record<string, string> }
    }
    const targets = Object.values(entries['.']).filter((target) => target.startsWith('./lib/'))
    const paths = bundles.map(({ path }) => path)
    expect(paths).toEqual(expect.arrayContaining(targets.map((target) => join(folder, target))))
    for (const { text, sources } of bundles) {
      const imports = [...text.matchAll(/^(?:import|export) .*from "([^"]+)"/gm)].map(([, from = '']) => from)
      expect(imports.filter((from) => from.startsWith('.') || from.startsWith('#'))).toEqual([])
      expect(sources.filter((source) => !source.startsWith(join(folder, 'src')))).toEqual([])
    }
  })
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
