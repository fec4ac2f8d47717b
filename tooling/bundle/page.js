// Bundles the page of a package: one script and one style sheet, with everything that they import.
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

/** @param {string} folder - of the package, with the page in its folder `page` */
export async function bundlePage(folder) {
  const target = join(folder, 'lib', 'page')
  await rm(target, { recursive: true, force: true })
  await mkdir(target, { recursive: true })
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: { app: join('page', 'app.tsx') },
    outdir: target,
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    metafile: true,
    logLevel: 'warning',
  })
  await copyFile(join(folder, 'page', 'index.html'), join(target, 'index.html'))
  await writeFile(join(target, 'NOTICES.txt'), await licensesOf(folder, Object.keys(metafile.inputs)))
}

/**
 * Returns the licenses of the packages that are bundled.
 *
 * @param {string} folder
 * @param {string[]} sources
 */
async function licensesOf(folder, sources) {
  const roots = new Set(
    sources.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  )
  const texts = await Promise.all(
    [...roots].sort().map(async (root) => {
      const { name, version } = JSON.parse(await readFile(join(folder, root, 'package.json'), 'utf8'))
      return `${name} ${version}\n\n${await readFile(join(folder, root, 'LICENSE'), 'utf8')}`
    }),
  )
  return texts.join('\n\n')
}
