// Builds the portable bundle: one script for bare engines, whose value is function(host) → functions.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'

const entry = fileURLToPath(new URL('../src/library.ts', import.meta.url))

const MODULE_ENTRY = "import { createLibrary } from './library.js'\nldbHost.onLoad(createLibrary(ldbHost))"

/** Syntax that every engine has, and that is slow when it is lowered: each private member would become a WeakMap. */
const NATIVE_SYNTAX = Object.fromEntries(
  ['field', 'method', 'accessor', 'static-field', 'static-method', 'static-accessor', 'brand-check']
    .map((member) => [`class-private-${member}`, true])
    .concat([
      ['class-field', true],
      ['class-static-field', true],
      ['class-static-blocks', true],
    ]),
)

/** Modules of other packages that compute tables when they are loaded, and their functions in use: each is loaded by its first call (decision 0109). */
const LOADED_BY_CALL = {
  '@noble/ciphers/aes.js': ['ecb', 'gcm'],
  fflate: ['deflateSync', 'inflateSync'],
}

const loadByCall = {
  name: 'load-by-call',
  setup(build) {
    const filter = new RegExp(`^(${Object.keys(LOADED_BY_CALL).join('|')})$`)
    build.onResolve({ filter }, ({ path, kind, resolveDir }) =>
      kind === 'require-call' ? undefined : { path, namespace: 'load-by-call', pluginData: resolveDir },
    )
    build.onLoad({ filter, namespace: 'load-by-call' }, ({ path, pluginData }) => ({
      contents: LOADED_BY_CALL[path]
        .map((name) => `export const ${name} = (...values) => require('${path}').${name}(...values)`)
        .join('\n'),
      resolveDir: pluginData,
    }))
  },
}

/** Options with which this package's sources, and those of the engines below it, are bundled for a C host. */
export const BUNDLE_OPTIONS = {
  bundle: true,
  write: false,
  platform: 'neutral',
  target: 'es2020',
  supported: NATIVE_SYNTAX,
  conditions: ['@ldb/source', '@ldb/host'],
  mainFields: ['module', 'main'],
  logLevel: 'error',
  plugins: [loadByCall],
}

/**
 * The forms of the bundle. `script`: its value is function(host) → functions, and nothing becomes global. `module`: for QuickJS, whose
 * closures find the variables of a module at once, and those of a function by a search (decision 0090); it reads the host from the global
 * object of its own context, and passes the functions to `onLoad` of the host.
 */
const FORMS = {
  script: {
    format: 'iife',
    globalName: '__ldb',
    banner: { js: '(function(ldbHost){"use strict";' },
    footer: { js: 'return __ldb.createLibrary(ldbHost)})' },
  },
  module: { format: 'esm' },
}

/** Returns the text of the bundle, and the sources in it with their sizes. */
export async function bundle({ minify = true, form = 'script' } = {}) {
  const { outputFiles, metafile } = await build({
    ...BUNDLE_OPTIONS,
    ...FORMS[form],
    ...(form === 'script'
      ? { entryPoints: [entry], minify }
      : { stdin: { contents: MODULE_ENTRY, resolveDir: dirname(entry), loader: 'ts' } }),
    metafile: true,
  })
  const [output] = Object.values(metafile.outputs)
  const { text } = outputFiles[0]
  return { text: form === 'script' ? text : await separateClasses(text, minify), inputs: output.inputs }
}

/** A class of the outermost level, as esbuild prints it when it does not minify. */
const CLASS = /^var (\w+) = (class(?: \w+)?(?: extends [\w.]+)? \{\n[^]*?^\});$/gm

/**
 * Moves each class with private members into a function of its own. QuickJS has the names of private members as variables of the function
 * around a class, and searches a list of all of them for each name that a method uses: with all classes in one function, that is quadratic.
 */
async function separateClasses(text, minify) {
  const separate = text.replace(CLASS, (whole, name, body) =>
    // Not an arrow function, which esbuild would inline.
    /#\w/.test(body) ? `var ${name} = (function () { return ${body} })();` : whole,
  )
  if (!minify) return separate
  const { target, supported } = BUNDLE_OPTIONS
  return (await transform(separate, { minify, target, supported, format: 'esm' })).code
}
