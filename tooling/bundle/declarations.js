import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'

/**
 * Rolls the declarations of a package up into `lib/index.d.cts`. `lib/index.d.ts` exports them to ES modules: classes with private members
 * that are declared twice are two types.
 *
 * @param {string} folder - of the package
 */
export async function bundleDeclarations(folder) {
  const bundle = await rollup({
    input: join(folder, 'dist', 'index.d.ts'),
    external: (id) => !/^[./#]/.test(id),
    plugins: [await resolveTwins(folder), dts()],
    onwarn(warning) {
      throw new Error(`${folder}: ${warning.message}`)
    },
  })
  const { output } = await bundle.generate({ format: 'es' })
  await bundle.close()
  const text = protectConstructors(output[0].code, await internallyConstructed(folder))
  await writeFile(join(folder, 'lib', 'index.d.cts'), text)
  await writeFile(join(folder, 'lib', 'index.d.ts'), "export * from './index.cjs'\n")
}

/**
 * Resolves the imports of the package that begin with `#`. Their modules for each host have the same declarations.
 *
 * @param {string} folder
 * @returns {Promise<import('rollup').Plugin>}
 */
async function resolveTwins(folder) {
  const { imports = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  return {
    name: 'resolve-twins',
    resolveId: (id) =>
      id in imports ? join(folder, imports[id].default.replace(/\.js$/, '.d.ts')) : undefined,
  }
}

/**
 * Declares constructors that are internal, and have no declaration, as protected: `new` is an error then, instead of a call without
 * arguments.
 *
 * @param {string} text - the declarations
 * @param {readonly string[]} names - of the classes
 */
function protectConstructors(text, names) {
  return names.reduce(
    (result, name) =>
      result.replace(
        new RegExp(`^(?:export )?declare (?:abstract )?class ${name}\\b[^{]*\\{(?=\\n)`, 'm'),
        '$&\n    protected constructor();',
      ),
    text,
  )
}

/**
 * Returns the names of the classes whose constructor is internal.
 *
 * @param {string} folder - of the package
 */
async function internallyConstructed(folder) {
  const paths = (await readdir(join(folder, 'src'), { recursive: true })).filter((path) =>
    /(?<!\.test)\.ts$/.test(path),
  )
  const texts = await Promise.all(paths.map((path) => readFile(join(folder, 'src', path), 'utf8')))
  return texts
    .flatMap((text) => [...text.matchAll(/^export (?:abstract )?class (\w+)[^]*?^}/gm)])
    .filter(([body]) => /@internal(?:(?!\*\/)[^])*\*\/\s+constructor\(/.test(body))
    .map(([, name = '']) => name)
}
