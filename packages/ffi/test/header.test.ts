// ldb.h is the interface: it declares what is built, documents it, and its numbers are those of the bundle.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createLibrary } from '../src/library.js'
import { NO_MEMORY, STATUS } from '../src/status.js'

const native = new URL('../native/', import.meta.url)
const header = readFileSync(new URL('include/ldb.h', native), 'utf8')
const sources = readdirSync(new URL('src/', native))
  .filter((name) => name.endsWith('.c'))
  .map((name) => readFileSync(new URL(`src/${name}`, native), 'utf8'))
  .join('\n')
const engine = readFileSync(new URL('src/engine.h', native), 'utf8')

describe('ldb.h', () => {
  it('has the numbers of the error codes', () => {
    const declared = Object.fromEntries(
      [...header.matchAll(/^ {2}(LDB_[A-Z_]+) = (-\d+)/gm)].map(([, name, value]) => [name, Number(value)]),
    )
    expect(declared).toEqual({ ...STATUS, LDB_NO_MEMORY: NO_MEMORY, LDB_FORKED: -20 })
  })

  it('documents every function right before its declaration', () => {
    const declarations = [...header.matchAll(/(\*\/\n)?^LDB_API [^;]*?(ldb_\w+)\(/gm)]
    expect(declarations.length).toBeGreaterThan(45)
    expect(declarations.filter(([, comment]) => comment === undefined).map(([, , name]) => name)).toEqual([])
  })

  it('declares exactly the functions that are built for callers', () => {
    const declared = [...header.matchAll(/^LDB_API [^;]*?(ldb_\w+)\(/gm)].map(([, name]) => name as string)
    const defined = declared.filter((name) => new RegExp(`^[a-z].*\\b${name}\\([^;]*\\{`, 'm').test(sources))
    expect(defined).toEqual(declared)
    expect(new Set(declared).size).toBe(declared.length)
  })

  it('begins each structure of options with its size', () => {
    const structures = [...header.matchAll(/typedef struct (\w+) \{\n([^}]*)\}/g)]
    expect(structures.length).toBe(6)
    for (const [, name, members] of structures) expect(members, name).toMatch(/^ {2}size_t size;/)
  })
})

describe('engine.h', () => {
  it('names the functions that the bundle has', () => {
    const [, table = ''] = /LDB_FUNCTIONS\(F\)([^]*?)\n\n/.exec(engine) ?? []
    const named = [...table.matchAll(/F\(\w+, "(\w+)"\)/g)].map(([, name]) => name as string)
    const library = createLibrary({ setArena: () => undefined })
    expect(new Set(named)).toEqual(new Set(Object.keys(library)))
    expect(new Set(named).size).toBe(named.length)
  })
})
