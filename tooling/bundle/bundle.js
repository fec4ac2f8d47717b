// Bundles a public package: one file for each kind of host, and one for each program of a thread. See README.md.
import { readFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

/** Programs that a thread of Node starts by their URL. Their bundle lies beside the one that starts them. */
const THREAD_PROGRAM = 'entry-node.ts'

/** @param {string} folder - of the package */
export async function bundlePackage(folder) {
  await rm(join(folder, 'lib'), { recursive: true, force: true })
  for (const options of await optionsOf(folder)) await build({ ...options, write: true })
}

/**
 * @param {string} folder - of the package
 * @param {import('./bundle.js').Replacement} [replacement]
 */
export async function bundlesOf(folder, replacement) {
  const plugins = replacement === undefined ? [] : [replaceSource(replacement)]
  const results = []
  for (const options of await optionsOf(folder)) {
    const { outputFiles, metafile } = await build({ ...options, plugins, sourcemap: false, write: false })
    const sources = Object.keys(metafile.inputs).map((path) => join(folder, path))
    for (const { path, text } of outputFiles) results.push({ path, text, sources })
  }
  return results
}

/**
 * Returns the options of each bundle: one for each condition of the export `.`, and one for each program of a thread.
 *
 * @param {string} folder
 */
async function optionsOf(folder) {
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  /** @type {Record<string, string>} */
  const targets = manifest.exports['.']
  const bundled = Object.entries(targets).filter(([, target]) => target.startsWith('./lib/'))
  const main = join('src', 'index.ts')
  const options = bundled.map(([condition, target]) => bundleOptions(folder, condition, main, target))
  for (const entry of await threadPrograms(folder))
    options.push(bundleOptions(folder, 'node', entry, './lib/entry-node.js'))
  return options
}

/** @param {string} folder */
async function threadPrograms(folder) {
  const paths = await readdir(join(folder, 'src'), { recursive: true })
  const found = paths.filter((path) => path.endsWith(THREAD_PROGRAM)).map((path) => join('src', path))
  if (found.length > 1) throw new Error(`${folder} has more than one ${THREAD_PROGRAM}`)
  return found
}

/**
 * @param {string} folder
 * @param {string} condition - of the host: `node`, `browser` or `default`
 * @param {string} entry
 * @param {string} target
 * @returns {import('esbuild').BuildOptions & { metafile: true }}
 */
function bundleOptions(folder, condition, entry, target) {
  return {
    absWorkingDir: folder,
    entryPoints: [entry],
    outfile: target,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    // The imports of the package that begin with `#` are resolved for the host.
    conditions: condition === 'default' ? ['@ldb/source'] : ['@ldb/source', condition],
    // Every other package is resolved where the bundle is installed.
    external: ['@*', 'node:*', 'fflate'],
    sourcemap: true,
    // The sources are published beside the bundle.
    sourcesContent: false,
    metafile: true,
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
