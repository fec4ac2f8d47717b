// Bundles a public package: one implementation for each kind of host, in both module formats, and one file of declarations. See README.md.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { build } from 'esbuild'
import { commonModuleOf } from './common-module.js'
import { bundleDeclarations } from './declarations.js'
import { targetsOf } from './targets.js'
import { writeWrapper } from './wrapper.js'

/** Programs that a thread of Node starts by their URL. Their bundle lies beside the one that starts them. */
const THREAD_PROGRAM = 'entry-node.ts'
/** Modules that both kinds of bundles import. */
const COMMON = [
  'node:*',
  'fflate',
  'abstract-level',
  'cli-progress',
  'commander',
  'csv-parse',
  'csv-stringify',
  'pg',
  'picocolors',
]

/** @param {string} folder - of the package */
export async function bundlePackage(folder) {
  const lib = join(folder, 'lib')
  await rm(lib, { recursive: true, force: true })
  await mkdir(lib)
  for (const { files, names, host, hasWrapper } of await buildAll(folder, true)) {
    for (const { path, text } of files) await writeFile(path, text)
    if (hasWrapper) await writeWrapper(folder, host, names)
  }
  await bundleDeclarations(folder)
}

/**
 * @param {string} folder - of the package
 * @param {import('./bundle.js').Replacement} [replacement]
 */
export async function bundlesOf(folder, replacement) {
  const built = await buildAll(folder, false, replacement)
  return built.flatMap(({ files, sources }) => files.map((file) => ({ ...file, sources })))
}

/**
 * Builds each bundle: one for each file of the export `.` except wrappers, and one for each program of a thread.
 *
 * @param {string} folder
 * @param {boolean} sourcemap
 * @param {import('./bundle.js').Replacement} [replacement]
 */
async function buildAll(folder, sourcemap, replacement) {
  const targets = await targetsIn(folder)
  const bundled = targets
    .filter(({ path }) => !path.endsWith('.mjs'))
    .map((target) => ({ ...target, entry: join('src', 'index.ts') }))
  for (const entry of await threadPrograms(folder))
    bundled.push({ host: 'node', path: './lib/entry-node.js', entry })
  const wrapped = new Set(targets.map(({ path }) => path).filter((path) => path.endsWith('.mjs')))
  const plugins = replacement === undefined ? [] : [replaceSource(replacement)]
  return Promise.all(
    bundled.map(async ({ host, path: target, entry }) => {
      const options = bundleOptions(folder, host, entry, target)
      const { outputFiles, metafile } = await build({ ...options, plugins, sourcemap })
      const isCommon = target.endsWith('.cjs')
      const files = outputFiles.map(({ path, text }) => ({
        path,
        text: isCommon && !path.endsWith('.map') ? commonModuleOf(text) : text,
      }))
      const names = Object.values(metafile.outputs).flatMap((output) => output.exports)
      return {
        host,
        files,
        names: names.sort(),
        sources: Object.keys(metafile.inputs).map((path) => join(folder, path)),
        hasWrapper: isCommon && wrapped.has(target.replace(/\.cjs$/, '.mjs')),
      }
    }),
  )
}

/** @param {string} folder */
async function targetsIn(folder) {
  return targetsOf(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')))
}

/** @param {string} folder */
async function threadPrograms(folder) {
  const paths = await readdir(join(folder, 'src'), { recursive: true })
  const found = paths.filter((path) => basename(path) === THREAD_PROGRAM).map((path) => join('src', path))
  if (found.length > 1) throw new Error(`${folder} has more than one ${THREAD_PROGRAM}`)
  return found
}

/**
 * @param {string} folder
 * @param {string} host - `node`, `browser`, or `index` for any other
 * @param {string} entry
 * @param {string} target
 * @returns {import('esbuild').BuildOptions & { metafile: true, write: false }}
 */
function bundleOptions(folder, host, entry, target) {
  const isCommon = target.endsWith('.cjs')
  return {
    absWorkingDir: folder,
    entryPoints: [entry],
    outfile: target,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    // The imports of the package that begin with `#` are resolved for the host.
    conditions: host === 'index' ? ['@ldb/source'] : ['@ldb/source', host],
    // Every other package is resolved where the bundle is installed. Those that are ES modules only cannot be required everywhere.
    external: isCommon ? ['@ldb/*', '@node-rs/*', ...COMMON] : ['@*', ...COMMON],
    // The sources are published beside the bundle.
    sourcesContent: false,
    metafile: true,
    write: false,
    logLevel: 'warning',
  }
}

/**
 * @param {import('./bundle.js').Replacement} replacement
 * @returns {import('esbuild').Plugin}
 */
function replaceSource({ path: replaced, text }) {
  return {
    name: 'replace-source',
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, ({ path }) =>
        path === replaced ? { contents: text, loader: 'ts' } : undefined,
      )
    },
  }
}
