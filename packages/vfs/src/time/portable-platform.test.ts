import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as node from '../node/platform.js'
import * as portable from './portable-platform.js'

it('has the names of its Node twin, and says what is missing', () => {
  expect(Object.keys(portable).sort()).toEqual(Object.keys(node).sort())
  const uses: (() => unknown)[] = [
    () => new portable.NodeVfs(),
    () => portable.defaultVfs(),
    () => portable.defaultEnvironment(),
    () => portable.nodeClock.now(),
    () => portable.nodeClock.monotonic(),
    () => portable.nodeRandom.fill(new Uint8Array(1)),
    () => portable.nodeScheduler.after(0, () => undefined),
  ]
  for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: 'LDB_UNSUPPORTED' }) as Error)
})

it('keeps Node out of what the entry imports elsewhere', () => {
  const seen = new Set(['index.ts'])
  for (const file of seen) {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    for (const [, name = ''] of text.matchAll(/^(?:import|export) [^;]*?from '([^']+)'/gm)) {
      if (name === '#platform') seen.add('portable-platform.ts')
      else if (name.startsWith('./')) seen.add(name.slice(2).replace(/\.js$/, '.ts'))
      else expect(name, file).toBe('@ldb/base')
    }
  }
  expect(seen).toContain('memory-vfs.ts')
  expect([...seen].filter((file) => file.startsWith('node-'))).toEqual([])
})
