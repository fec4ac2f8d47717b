import type { Finding } from '../finding.js'
import { examplesOf } from './markdown.js'
import type { Manifest, Package } from '../workspace.js'

/** What each package's script runs; the same everywhere, so that one knows them all. */
const SCRIPTS: Readonly<Record<string, RegExp>> = {
  build: /^tsc -b && node \.\.\/\.\.\/tooling\/bundle\/main\.js$/,
  test: /^vitest run/,
  lint: /^tsc -p tsconfig\.test\.json$/,
  docs: /^typedoc/,
}
const SHIPPED = ['lib', 'src', '!src/**/*.test.ts', 'README.md']

/** Every public package has the same anatomy: manifest, README with an example, tests, FORMAT.md where it owns bytes. */
export function checkManifest(subject: Package): Finding[] {
  const problems = [
    ...identityProblems(subject),
    ...exportsProblems(subject.manifest),
    ...dependencyProblems(subject),
    ...Object.entries(SCRIPTS)
      .filter(([script, form]) => !form.test(subject.manifest.scripts?.[script] ?? ''))
      .map(([script]) => `its script '${script}' is missing or not the common one`),
    ...SHIPPED.filter((entry) => subject.manifest.files?.includes(entry) !== true).map(
      (entry) => `files leaves out ${entry}`,
    ),
  ]
  return [
    ...problems.map((message) => ({ place: `${subject.folder}/package.json`, message })),
    ...anatomyProblems(subject).map((message) => ({ place: subject.folder, message })),
  ]
}

function identityProblems({ manifest, folder }: Package): string[] {
  const expectations: [boolean, string][] = [
    [manifest.name === `@ldb/${folder.split('/').at(-1)}`, 'name is not @ldb/ and the folder'],
    [manifest.private !== true, 'a package of this folder is public'],
    [manifest.license === 'MIT', 'license is not MIT'],
    [manifest.type === 'module', 'type is not module'],
    [manifest.sideEffects === false, 'sideEffects is not false'],
    [manifest.engines?.['node'] === '>=20.19', 'engines.node is not >=20.19'],
    [manifest.repository?.directory === folder, 'repository.directory is not its folder'],
    [(manifest.keywords ?? []).length > 0, 'it has no keywords'],
    [manifest.homepage !== undefined && manifest.bugs !== undefined, 'it has no homepage or no bugs'],
  ]
  return expectations.filter(([holds]) => !holds).map(([, message]) => message)
}

function exportsProblems(manifest: Manifest): string[] {
  const { exports: entries = {}, imports = {} } = manifest
  const problems: string[] = []
  for (const [path, target] of Object.entries(entries)) {
    if (path === './package.json') continue
    if (path !== '.') {
      problems.push(`exports ${path}: only '.' and './package.json' are public`)
      continue
    }
    // The order of conditions is their meaning, so the text is compared.
    if (JSON.stringify(target) !== JSON.stringify(commonExports(imports)))
      problems.push(`exports ${path} is not the common form`)
  }
  if (!('.' in entries) || !('./package.json' in entries))
    problems.push("exports lacks '.' or './package.json'")
  const main = hasTwin(imports, 'node') ? './lib/node.cjs' : './lib/index.cjs'
  if (manifest.main !== main) problems.push(`main is not ${main}`)
  if (manifest.types !== './lib/index.d.cts') problems.push('types is not ./lib/index.d.cts')
  return problems
}

/**
 * Returns the common form of the export `.`. A host has bundles of its own where an import of the package depends on it. Node runs the
 * CommonJS module only, however it is loaded; bundlers take ES modules.
 */
function commonExports(imports: NonNullable<Manifest['imports']>): object {
  const source = {
    '@ldb/source': './src/index.ts',
    types: { import: './lib/index.d.ts', default: './lib/index.d.cts' },
  }
  if (!hasTwin(imports, 'node')) return { ...source, ...common('index') }
  return {
    ...source,
    node: common('node'),
    browser: bundled(hasTwin(imports, 'browser') ? 'browser' : 'index'),
    'react-native': bundled('index'),
    default: common('node'),
  }
}

function hasTwin(imports: NonNullable<Manifest['imports']>, host: string): boolean {
  return Object.values(imports).some((targets) => host in targets)
}

function common(host: string): object {
  return { module: `./lib/${host}.js`, import: `./lib/${host}.mjs`, default: `./lib/${host}.cjs` }
}

function bundled(host: string): object {
  return { module: `./lib/${host}.js`, import: `./lib/${host}.js`, default: `./lib/${host}.cjs` }
}

function dependencyProblems({ manifest, references }: Package): string[] {
  const problems: string[] = []
  const inHouse = Object.entries(manifest.dependencies ?? {}).filter(([name]) => name.startsWith('@ldb/'))
  for (const [name, range] of inHouse) {
    if (range !== 'workspace:*') problems.push(`${name} is not taken from the workspace`)
    if (!references.includes(name.slice('@ldb/'.length)))
      problems.push(`tsconfig.json has no reference to ${name}`)
  }
  for (const reference of references) {
    if (!inHouse.some(([name]) => name === `@ldb/${reference}`)) {
      problems.push(`tsconfig.json refers to ${reference}, which is no dependency`)
    }
  }
  return problems
}

function anatomyProblems({ files, documents, name }: Package): string[] {
  const problems: string[] = []
  const readme = documents.get('README.md')
  if (readme === undefined) problems.push('has no README.md')
  else if (examplesOf(readme).length === 0) problems.push('README.md has no ```ts example')
  else if (!readme.startsWith(`# ${name}\n`)) problems.push(`the title of README.md is not ${name}`)
  if (!files.some((file) => file.localPath.endsWith('.test.ts'))) problems.push('has no test')
  const ownsBytes = files.some((file) => file.localPath === 'src/format.ts')
  if (ownsBytes && !documents.has('FORMAT.md')) problems.push('has src/format.ts but no FORMAT.md')
  return problems
}
