// Builds the portable bundle: one script for bare engines, whose value is function(host) → functions.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

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
      ? { entryPoints: [entry] }
      : { stdin: { contents: MODULE_ENTRY, resolveDir: dirname(entry), loader: 'ts' } }),
    minify,
    metafile: true,
  })
  const [output] = Object.values(metafile.outputs)
  return { text: outputFiles[0].text, inputs: output.inputs }
}
