import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PEERS_FOLDER, peerFolder } from './packages.js'

const INSTALL_MS_MAX = 600_000
const REASON_LINES = 3
const windows = process.platform === 'win32'

/** Installs a peer if necessary and loads it once. Returns the reason when that fails. */
export function installPeer(packageName: string, log: (line: string) => void): string | undefined {
  const version = pinnedVersion(packageName)
  const folder = peerFolder(packageName)
  const stamp = join(folder, 'node_modules', '.ldb-bench')
  const expectedStamp = `${version} ${process.platform}-${process.arch} ${process.versions.modules}`
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === expectedStamp) return undefined

  log(`installing ${packageName} ${version}`)
  mkdirSync(folder, { recursive: true })
  const manifest = { private: true, dependencies: { [packageName]: version } }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  const installed = spawnSync(
    windows ? 'npm.cmd' : 'npm',
    ['install', '--prefix', folder, '--no-package-lock', '--no-audit', '--no-fund', '--loglevel', 'error'],
    { cwd: folder, encoding: 'utf8', shell: windows, timeout: INSTALL_MS_MAX },
  )
  if (installed.status !== 0)
    return `cannot be installed: ${firstLines(installed.stderr || String(installed.error))}`
  const failure = tryLoading(packageName, folder)
  if (failure === undefined) writeFileSync(stamp, expectedStamp)
  return failure
}

/** Loads a package in its own process, because an incompatible native binding may crash it. */
function tryLoading(packageName: string, folder: string): string | undefined {
  const loaded = spawnSync(process.execPath, ['--eval', `require(${JSON.stringify(packageName)})`], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (loaded.status === 0) return undefined
  const errorLine = loaded.stderr.split('\n').find((line) => /Error/.test(line)) ?? loaded.stderr
  return `cannot be loaded: ${loaded.signal ?? firstLines(errorLine)}`
}

function pinnedVersion(packageName: string): string {
  const { dependencies } = JSON.parse(readFileSync(join(PEERS_FOLDER, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  const version = dependencies[packageName]
  if (version === undefined) throw new Error(`peers/package.json has no dependency ${packageName}`)
  return version
}

function firstLines(text: string): string {
  return text.trim().split('\n').slice(0, REASON_LINES).join(' ')
}
