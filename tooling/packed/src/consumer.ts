import { spawnSync } from 'node:child_process'
import {
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
  /** Where its source lies. */
  readonly folder: string
  /** In-house packages that it brings along. */
  readonly dependencies: readonly string[]
  /** In-house packages that its README may show it with: those that it brings along, and those that it is tested with. */
  readonly companions: readonly string[]
}

/** A folder of somebody else's, into which npm has installed all packages from their tarballs. */
export interface Consumer {
  readonly folder: string
  /** Tarballs by the name of their package. */
  readonly tarballs: ReadonlyMap<string, string>
}

/** Every package that is published. */
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
      const dependencies = inHouse(manifest.dependencies)
      const companions = [...dependencies, ...inHouse(manifest.devDependencies)]
      return { name: manifest.name, folder, dependencies, companions }
    })
}

function inHouse(wanted: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(wanted).filter((name) => name.startsWith('@ldb/'))
}

/** Packs all packages and installs the tarballs with npm into an empty folder, as a user would. */
export function makeConsumer(packages: readonly PublicPackage[]): Consumer {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ldb-consumer-')))
  const tarballs = new Map<string, string>()
  for (const { name, folder: source } of packages) {
    const said = run('pnpm', ['pack', '--json', '--pack-destination', folder], source)
    const { filename } = JSON.parse(said.slice(said.indexOf('{'))) as { filename: string }
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

/** Throws the folder away. */
export function dropConsumer(consumer: Consumer): void {
  rmSync(consumer.folder, { recursive: true, force: true })
}

/** Runs a program to its end and gives what it printed; when it fails, all that it said is in the error. */
export function run(program: string, args: readonly string[], folder: string): string {
  // The conditions of the workspace must not help: a consumer has none of them.
  const { NODE_OPTIONS: _conditions, ...env } = process.env
  const result = spawnSync(program, args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    timeout: 300_000,
  })
  if (result.status === 0) return result.stdout
  const said = result.error === undefined ? `${result.stdout}${result.stderr}` : result.error.message
  throw new Error(`${program} ${args.join(' ')} failed in ${folder}:\n${said}`)
}
