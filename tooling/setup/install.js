import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const STAMP = join('node_modules', '.ldb-setup')
const WORKSPACE_FOLDERS = ['packages', 'apps', 'tooling']
const windows = process.platform === 'win32'

/**
 * Installs the packages of the lockfile with the pinned pnpm, unless they are installed already.
 *
 * @param {string} root
 * @returns {string} the folder that contains `pnpm`, for the PATH of later commands
 */
export function install(root) {
  const version = pinnedPnpm(root)
  const state = installState(root, version)
  const stamp = readStamp(root)
  if (stamp !== undefined && stamp.state === state && holdsPnpm(stamp.pnpmFolder, version))
    return stamp.pnpmFolder

  console.error(`setup: pnpm ${version}`)
  const pnpmFolder = fetchPnpm(root, version)
  console.error('setup: installing packages')
  run(root, join(pnpmFolder, windows ? 'pnpm.cmd' : 'pnpm'), [
    'install',
    '--frozen-lockfile',
    '--prefer-offline',
  ])
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(join(root, STAMP), JSON.stringify({ state, pnpmFolder }) + '\n')
  return pnpmFolder
}

/** @param {string} root */
function pinnedPnpm(root) {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const match = /^pnpm@([\d.]+)/.exec(packageManager)
  if (match === null)
    throw new Error(`package.json pins no version of pnpm: packageManager is ${packageManager}`)
  return match[1]
}

/**
 * Returns a digest of all inputs of an installation.
 *
 * @param {string} root
 * @param {string} pnpmVersion
 */
export function installState(root, pnpmVersion) {
  const files = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']
  for (const folder of WORKSPACE_FOLDERS) {
    if (!existsSync(join(root, folder))) continue
    for (const name of readdirSync(join(root, folder)).sort()) files.push(join(folder, name, 'package.json'))
  }
  const digest = createHash('sha256').update(
    `${pnpmVersion} ${process.version} ${process.platform} ${process.arch}\n`,
  )
  for (const file of files) {
    if (existsSync(join(root, file))) digest.update(`${file}\n`).update(readFileSync(join(root, file)))
  }
  return digest.digest('hex')
}

/** @param {string} root */
function readStamp(root) {
  try {
    return JSON.parse(readFileSync(join(root, STAMP), 'utf8'))
  } catch {
    return undefined
  }
}

/**
 * @param {string} folder
 * @param {string} version
 */
function holdsPnpm(folder, version) {
  const manifest = join(dirname(folder), 'pnpm', 'package.json')
  if (!existsSync(manifest) || !existsSync(join(folder, 'pnpm'))) return false
  return JSON.parse(readFileSync(manifest, 'utf8')).version === version
}

/**
 * Makes npx download the pinned pnpm to its cache. Returns the folder that contains it.
 *
 * @param {string} root
 * @param {string} version
 */
function fetchPnpm(root, version) {
  const path = run(root, windows ? 'npx.cmd' : 'npx', [
    '--yes',
    `--package=pnpm@${version}`,
    '--call',
    'node -p "process.env.PATH"',
  ])
  const folder = path
    .trim()
    .split(delimiter)
    .find((candidate) => holdsPnpm(candidate, version))
  if (folder === undefined) throw new Error(`npx did not install pnpm ${version}`)
  return folder
}

/**
 * Runs a program and returns its standard output. The error of a failed run contains all its output.
 *
 * @param {string} root
 * @param {string} program
 * @param {string[]} args
 */
function run(root, program, args) {
  const result = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    shell: windows,
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  })
  if (result.status === 0) return result.stdout
  const output = result.error === undefined ? `${result.stdout}${result.stderr}` : String(result.error)
  throw new Error(`${program} ${args.join(' ')} failed:\n${output}`)
}
