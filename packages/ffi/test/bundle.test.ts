// The portable bundle is one script for an engine that has only the language: its value is a function of the host.
import { createContext, runInContext } from 'node:vm'
import { expect, it } from 'vitest'

interface NativeBundle {
  bundle(options?: { readonly form?: 'script' | 'module'; readonly minify?: boolean }): Promise<{
    readonly text: string
    readonly inputs: Readonly<Record<string, unknown>>
  }>
}

const { bundle } = (await import(new URL('../native/bundle.js', import.meta.url).href)) as NativeBundle

/** A host without files, whose hash is any function of the bytes. */
const HOST = `({
  setArena(bytes) { globalThis.arena = bytes },
  onTimer() {},
  setTimer() {},
  now: () => 1e12,
  monotonic: () => 1,
  random: (target) => (target.fill(7), 0),
  searchSlots: () => 0x7fffffff,
  copy(source, start, target, at, length) {
    new Uint8Array(target, at, length).set(new Uint8Array(source, start, length))
    return 0
  },
  hash(bytes, start, end, low, high, target) {
    let value = low ^ high
    for (let at = start; at < end; at++) value = Math.imul(value ^ bytes[at], 16777619)
    target[0] = target[1] = value
  },
})`

it('runs in an engine that has only the language, and makes nothing global', async () => {
  const { text, inputs } = await bundle()
  // What has a twin for hosts does not come from Node.js.
  expect(
    Object.keys(inputs).filter((name) => /-node\.ts$|node\/(system|environment)\.ts$/.test(name)),
  ).toEqual([])
  const context = createContext(Object.create(null) as object) as Record<string, unknown>
  // Node.js adds these to every context.
  runInContext('delete globalThis.console; delete globalThis.WebAssembly; delete Symbol.dispose', context)
  const before = Object.getOwnPropertyNames(context)
  runInContext(`globalThis.make = ${text}`, context)
  const result = runInContext(
    `const library = make(${HOST})
     arena.fill(0, 0, 128)
     const database = library.open(0)
     const keyspace = library.defaultKeyspace(database)
     arena.set([97, 49])
     const put = library.put(keyspace, 1, 1, 0, 0)
     const got = library.get(keyspace, 1)
     JSON.stringify([put, got, arena[0], library.close(database)])`,
    context,
  ) as string
  expect(JSON.parse(result)).toEqual([0, 2, 49, 0])
  const added = Object.getOwnPropertyNames(context).filter((name) => !before.includes(name))
  expect(new Set(added)).toEqual(new Set(['arena', 'make']))
})

it('loads packages with tables by their first call only', async () => {
  const { text } = await bundle({ minify: false })
  // The forms in which esbuild prints a module that something requires.
  for (const name of ['@noble/ciphers/aes\\.js', 'fflate/\\w+/browser\\.c?js'])
    expect(text).toMatch(new RegExp(`__(?:esm|commonJS)\\(\\{\\s+"[^"]*${name}"\\(`))
})

it('has each class with private members in a function of its own', async () => {
  const { text } = await bundle({ form: 'module' })
  const separate = text.match(/=\(?function\(\)\{return class/g)?.length ?? 0
  const members = text.match(/\bclass(?: [\w$]+)?(?: extends [\w.$]+)?\{(?:static)?#/g)?.length ?? 0
  expect(members).toBeGreaterThan(200)
  expect(separate).toBeGreaterThanOrEqual(members)
})
