const IMPORT = /^import (?:\{([^}]*)\}|\* as (\w+)|(\w+)) from ("[^"]+");$/gm
const EXPORT = /^export \{([^}]*)\};$/m
const URL_OF_FILE =
  "typeof __filename === 'string' ? require('node:url').pathToFileURL(__filename).href : undefined"

/**
 * Modules that many programs never use, by the function that loads each at its first use. Their names are read through it, which costs a
 * call at each use: they may be called where that is nothing beside what they do, and neither extended nor exported.
 */
const LAZY = new Map([
  ['"@ldb/blob"', 'loadBlob'],
  ['"@ldb/lsm"', 'loadLsm'],
  ['"node:crypto"', 'loadCrypto'],
  ['"node:zlib"', 'loadZlib'],
])

/** esbuild leaves such characters in comments only. One of them makes V8 keep the whole source with two bytes a character. */
const NOT_ASCII = /[^\0-\x7f]/g

/**
 * Turns a bundle in the form of an ES module into a CommonJS module, line by line, so that source maps stay true. Imported names become
 * constants: esbuild makes them getters of the other module's exports, which are called at each use. A module is required once: Node 20
 * resolves the name of a package anew at each `require`.
 *
 * @param {string} text - of the bundle, with static imports and one list of exports, as esbuild writes it.
 * @throws {Error} for any other import or export.
 */
export function commonModuleOf(text) {
  /** Functions that load a package, by the names that the bundle has for the package's exports. */
  const loaded = new Map()
  const isRepeated = repeatedIn([...text.matchAll(IMPORT)].map(([, , , , from]) => from))
  /** Constants that hold the exports of the modules that are imported more than once. */
  const constants = new Map()
  const required = text.replaceAll(IMPORT, (_all, names, space, single, from) => {
    const load = single === undefined ? LAZY.get(from) : undefined
    if (load !== undefined) {
      const isFirst = ![...loaded.values()].some((use) => use.startsWith(load))
      if (space !== undefined) loaded.set(space, `${load}()`)
      for (const name of names?.split(',') ?? []) {
        const [exported, local = exported] = name.trim().split(' as ')
        loaded.set(local, `${load}().${exported}`)
      }
      const declaration = `let ${load}Module; const ${load} = () => ${load}Module ??= require(${from});`
      return (isFirst ? declaration : '') + (names ?? '').replaceAll(/[^\n]/g, '')
    }
    const pattern = names === undefined ? (space ?? single) : `{${names.replaceAll(' as ', ': ')}}`
    if (!isRepeated.has(from)) return `const ${pattern} = require(${from});`
    const constant = constants.get(from)
    if (constant !== undefined) return `const ${pattern} = ${constant};`
    constants.set(from, `ldbModule${constants.size}`)
    return `const ${constants.get(from)} = require(${from}); const ${pattern} = ${constants.get(from)};`
  })
  const lazy = [...loaded].reduce(
    (code, [local, use]) =>
      code.replaceAll(new RegExp(`(?<![\\w$.])(new )?${local}(?![\\w$])`, 'g'), (_all, isNew) =>
        isNew === undefined ? use : `new (${use})`,
      ),
    required,
  )
  const exported = lazy.replace(EXPORT, (_all, names) => `module.exports = {${swap(names)}};`)
  const rest = /^(?:import|export)\b.*/m.exec(exported)
  if (rest !== null) throw new Error(`a CommonJS module cannot contain: ${rest[0]}`)
  // The first line is a comment of esbuild. An application's own bundle has no `__filename` where it is an ES module.
  const url = exported.includes('import.meta.url') ? ` const ldbModuleUrl = ${URL_OF_FILE};` : ''
  const code = exported.replaceAll('import.meta.url', 'ldbModuleUrl').replaceAll(NOT_ASCII, '-')
  return `"use strict";${url} ${code}`
}

/**
 * @param {readonly string[]} values
 * @returns {ReadonlySet<string>} those that are there more than once.
 */
function repeatedIn(values) {
  return new Set(values.filter((value, index) => values.indexOf(value) < index))
}

/** @param {string} names - of a list of exports: `a` or `a as b` */
function swap(names) {
  return names.replaceAll(/([\w$]+) as ([\w$]+)/g, '$2: $1')
}
