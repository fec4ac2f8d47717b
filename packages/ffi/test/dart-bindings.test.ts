// The bindings of the Dart package against ldb.h. This covers what a 32-bit VM cannot see, such as Uint32 for size_t.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const header = read('../native/include/ldb.h').replaceAll(/\/\*[^]*?\*\//g, '')
const bindings = read('../dart/lib/src/bindings.dart')

const NATIVE: Readonly<Record<string, string>> = {
  int32_t: 'Int32',
  uint32_t: 'Uint32',
  int64_t: 'Int64',
  uint64_t: 'Uint64',
  ldb_handle: 'Uint64',
  size_t: 'Size',
  double: 'Double',
  int: 'Int',
  char: 'Char',
  void: 'Void',
}

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}

/** The type of dart:ffi for a type of C. */
function nativeType(type: string): string {
  const base = type.replaceAll(/\bconst\b|\*/g, '').trim()
  const structure = base.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const pointers = type.split('*').length - 1
  return 'Pointer<'.repeat(pointers) + (NATIVE[base] ?? structure) + '>'.repeat(pointers)
}

function dartType(native: string): string {
  if (native.startsWith('Pointer') || native === 'void') return native
  if (native === 'Void') return 'void'
  return native === 'Double' ? 'double' : 'int'
}

/** Splits `int size`, `const void *key`. */
function nameAndType(declaration: string): readonly [string, string] {
  const [, type = '', name = ''] = /^(.*?)(\w+)$/.exec(declaration.trim()) ?? []
  return [name, nativeType(type)]
}

/** The lookups that the header calls for, by the name of the function. */
function expectedLookups(): Map<string, string> {
  const functions = [...header.matchAll(/LDB_API ([\w\s]+?\**)(ldb_\w+)\(([^)]*)\);/g)]
  return new Map(
    functions.map(([, result = '', name = '', parameters = '']) => {
      const native = parameters === 'void' ? [] : parameters.split(',').map((text) => nameAndType(text)[1])
      const type = nativeType(result)
      const dart = native.map(dartType).join(', ')
      return [name, `${type} Function(${native.join(', ')}), ${dartType(type)} Function(${dart})`]
    }),
  )
}

function lookups(text: string): [string, string][] {
  return [...text.matchAll(/lookupFunction<([^;]*?)>\('(\w+)'\)/g)].map(([, types = '', name = '']) => [
    name,
    types.replaceAll(/\s+/g, ' '),
  ])
}

/** Names of functions whose types are not those of the header, or which are missing on one side. */
function wrongLookups(text: string): string[] {
  const expected = expectedLookups()
  const found = new Map(lookups(text))
  return [...new Set([...expected.keys(), ...found.keys()])].filter(
    (name) => expected.get(name) !== found.get(name),
  )
}

function structuresOfHeader(): Map<string, string> {
  const structures = [...header.matchAll(/typedef struct (\w+) \{([^}]*)\}/g)]
  return new Map(
    structures.map(([, name = '', members = '']) => {
      const declarations = members.split(';').map((text) => text.trim())
      const fields = declarations.filter((text) => text !== '').map((text) => nameAndType(text).join(' '))
      return [nativeType(name), fields.join(', ')]
    }),
  )
}

function structuresOfDart(text: string): Map<string, string> {
  const structures = [...text.matchAll(/class (\w+) extends Struct \{([^}]*)\}/g)]
  return new Map(
    structures.map(([, name = '', members = '']) => {
      const fields = [...members.matchAll(/(?:@(\w+)\(\)\s+)?external (\S+) (\w+);/g)]
      return [name, fields.map(([, type, dart = '', field = '']) => `${field} ${type ?? dart}`).join(', ')]
    }),
  )
}

describe('the bindings of the Dart package', () => {
  it('have the types of every function of the header', () => {
    expect(expectedLookups().size).toBeGreaterThan(50)
    expect(lookups(bindings).length).toBe(expectedLookups().size)
    expect(wrongLookups(bindings)).toEqual([])
  })

  it.each([
    [
      'ldb_put',
      'Size, Pointer<Void>, Size, Pointer<LdbWriteOptions>',
      'Size, Pointer<Void>, Uint32, Pointer<LdbWriteOptions>',
    ],
    ['ldb_get', 'Pointer<Void>, Size, Pointer<Size>)', 'Pointer<Void>, Size, Pointer<Uint32>)'],
    ['ldb_changes_open', 'Function(Uint64, Uint64, Int64, ', 'Function(Uint64, Uint64, Uint64, '],
    ['ldb_sync', "'ldb_sync'", "'ldb_sink'"],
  ])('would be refused with a wrong type in %s', (name, right, wrong) => {
    const seeded = bindings.replace(right, wrong)
    expect(seeded).not.toBe(bindings)
    expect(wrongLookups(seeded)).toContain(name)
  })

  it('have the members of every structure of the header', () => {
    expect(structuresOfHeader().size).toBe(6)
    expect(structuresOfDart(bindings)).toEqual(structuresOfHeader())
    const seeded = bindings.replace(
      '@Uint64()\n  external int cache_bytes',
      '@Uint32()\n  external int cache_bytes',
    )
    expect(structuresOfDart(seeded)).not.toEqual(structuresOfHeader())
  })

  it('have the version of the interface and the statuses of the header', () => {
    expect(/LDB_ABI_VERSION (\d+)u/.exec(header)?.[1]).toBe(/abiVersion = (\d+)/.exec(bindings)?.[1])
    const inHeader = [...header.matchAll(/^ {2}(LDB_[A-Z_]+) = (-\d+)/gm)].map(([, name, value]) => [
      name,
      value,
    ])
    const exceptions = read('../dart/lib/src/ldb_exception.dart')
    const inDart = [...exceptions.matchAll(/\('(LDB_[A-Z_]+)', (-\d+)\)/g)].map(([, name, value]) => [
      name,
      value,
    ])
    expect(inHeader.length).toBeGreaterThan(15)
    expect(inDart).toEqual(inHeader)
  })
})
