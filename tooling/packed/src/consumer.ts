import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Root of the workspace. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))

/** A public package of the workspace. */
export interface PublicPackage {
  readonly name: string
  /** Folder of its source. */
  readonly folder: string
  /** Names of its dependencies within the workspace. */
  readonly dependencies: readonly string[]
  /** Workspace packages that its README may import: its dependencies and its development dependencies. */
  readonly companions: readonly string[]
}

/** A folder in which npm has installed all packages from their tarballs. */
export interface Consumer {
  readonly folder: string
  /** Paths of the tarballs by package name. */
  readonly tarballs: ReadonlyMap<string, string>
}

/** Returns every public package. */
export function publicPackages(): PublicPackage[] {
  return readdirSync(join(ROOT, 'packages'))
    .sort()
    .map((name) => join(ROOT, 'packages', name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
        name: string
        dependencies?: Record<string, string>
        devDependencies?: Record<string, string>
      }
      const dependencies = workspacePackages(manifest.dependencies)
      const companions = [...dependencies, ...workspacePackages(manifest.devDependencies)]
      return { name: manifest.name, folder, dependencies, companions }
    })
}

function workspacePackages(dependencies: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(dependencies).filter((name) => name.startsWith('@ldb/'))
}

/** Packs all packages and installs the tarballs with npm in an empty folder. */
export function makeConsumer(packages: readonly PublicPackage[]): Consumer {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ldb-consumer-')))
  const tarballs = new Map<string, string>()
  for (const { name, folder: source } of packages) {
    const output = run('pnpm', ['pack', '--json', '--pack-destination', folder], source)
    const { filename } = JSON.parse(output.slice(output.indexOf('{'))) as { filename: string }
    tarballs.set(name, filename)
  }
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  )
  const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  run('npm', ['install', ...quick, ...tarballs.values()], folder)
  return { folder, tarballs }
}

/** Copies a consumer, so that one file of tests may change it. Its files are shared where the system has hard links. */
export function copyConsumer({
  folder,
  tarballs,
}: Pick<Consumer, 'folder'> & { readonly tarballs: Iterable<[string, string]> }): Consumer {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'ldb-consumer-')))
  if (process.platform === 'linux') run('cp', ['-al', `${folder}/.`, copy], folder)
  else cpSync(folder, copy, { recursive: true, verbatimSymlinks: true })
  return { folder: copy, tarballs: new Map(tarballs) }
}

/** Removes the folder. */
export function dropConsumer(consumer: Consumer): void {
  rmSync(consumer.folder, { recursive: true, force: true })
}

/** Runs a program and returns its standard output. The error of a failed run contains all its output. */
export function run(program: string, args: readonly string[], folder: string): string {
  // Removes the export conditions of the workspace, which an installed package does not have, and the folder of its dependencies.
  const { NODE_OPTIONS: _conditions, NODE_PATH: _dependencies, ...env } = process.env
  const result = spawnSync(program, args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 300_000,
  })
  if (result.status === 0) return result.stdout
  const output = result.error === undefined ? `${result.stdout}${result.stderr}` : result.error.message
  throw new Error(`${program} ${args.join(' ')} failed in ${folder}:\n${output}`)
}
