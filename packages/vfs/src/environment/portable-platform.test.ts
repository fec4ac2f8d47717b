import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import * as node from '../node/platform.js'
import * as portable from './portable-platform.js'

it('exports the names of its Node counterpart; files throw LDB_UNSUPPORTED', () => {
  expect(Object.keys(portable).sort()).toEqual(Object.keys(node).sort())
  const uses: (() => unknown)[] = [() => new portable.NodeVfs(), () => portable.defaultVfs()]
  for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: 'LDB_UNSUPPORTED' }) as Error)
})

describe('on a platform without global functions', () => {
  const absent = ['performance', 'crypto', 'setTimeout', 'clearTimeout', 'setImmediate', 'MessageChannel']
  let bare: typeof portable
  beforeAll(async () => {
    vi.resetModules()
    for (const name of absent) vi.stubGlobal(name, undefined)
    bare = await import('./portable-platform.js').finally(() => {
      vi.unstubAllGlobals()
    })
  })

  it('throws LDB_UNSUPPORTED for randomness, timers and the whole environment', () => {
    const uses: (() => unknown)[] = [
      () => bare.defaultEnvironment(),
      () => bare.nodeRandom.fill(new Uint8Array(1)),
      () => bare.nodeScheduler.after(0, () => undefined),
    ]
    for (const use of uses) expect(use).toThrow(expect.objectContaining({ code: 'LDB_UNSUPPORTED' }) as Error)
  })

  it('has a clock', () => {
    expect(Object.keys(bare.availableEnvironment())).toEqual(['clock'])
    expect(Math.abs(bare.nodeClock.now() - Date.now())).toBeLessThan(60_000)
  })
})

it('the entry imports no module of Node through the portable platform', () => {
  const source = new URL('../', import.meta.url).href
  const reached = new Set([`${source}index.ts`])
  for (const file of reached) {
    const text = readFileSync(new URL(file), 'utf8')
    for (const [, name = ''] of text.matchAll(/^(?:import|export) [^;]*?from '([^']+)'/gm)) {
      if (name === '#platform') reached.add(`${source}environment/portable-platform.ts`)
      else if (name.startsWith('.')) reached.add(new URL(name.replace(/\.js$/, '.ts'), file).href)
      else expect(name, file).toBe('@ldb/base')
    }
  }
  expect(reached).toContain(`${source}memory/memory-vfs.ts`)
  expect([...reached].filter((file) => file.startsWith(`${source}node/`))).toEqual([])
})
