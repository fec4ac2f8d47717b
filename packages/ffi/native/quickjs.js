// Fetches the sources of QuickJS at the pinned version through apt, with a state of its own, and caches them in .setup.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const QUICKJS_VERSION = '2025.04.26'
/** SHA-256 of the archive of the authors, as the stable release of Debian distributes it. */
const ARCHIVE_SHA256 = 'ec81da5b3249ed648dbc7df4a1654988910e66a118d9b71cb63534216efcfbbe'
const ARCHIVE = `quickjs_${QUICKJS_VERSION}.orig.tar.xz`
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const MIRROR = 'http://deb.debian.org/debian'

const root = fileURLToPath(new URL('../../..', import.meta.url))
/** Everything that is fetched or compiled. */
export const SETUP = join(root, '.setup', `quickjs-${QUICKJS_VERSION}`)

/** Returns the folder of the sources. @throws {Error} that says why they are not available. */
export function fetchQuickjs() {
  const sources = join(SETUP, 'sources')
  if (existsSync(join(sources, 'quickjs.c'))) return sources
  mkdirSync(SETUP, { recursive: true })
  const archive = join(SETUP, ARCHIVE)
  if (!existsSync(archive) || sha256(archive) !== ARCHIVE_SHA256) download(archive)
  if (sha256(archive) !== ARCHIVE_SHA256) throw new Error(`${archive} does not have the pinned SHA-256`)
  const unpacked = join(SETUP, `unpacked-${process.pid}`)
  mkdirSync(unpacked, { recursive: true })
  run('tar', ['-xf', archive, '-C', unpacked, '--strip-components=1'])
  try {
    renameSync(unpacked, sources)
  } catch (error) {
    // Another process was first.
    rmSync(unpacked, { recursive: true, force: true })
    if (!existsSync(join(sources, 'quickjs.c'))) throw error
  }
  return sources
}

function sha256(path) {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

/** Downloads the archive. The configuration, the lists and the archives of the system's apt are neither read nor changed. */
function download(archive) {
  if (!existsSync(KEYRING)) throw new Error(`QuickJS is fetched with apt: ${KEYRING} is missing`)
  const state = join(SETUP, `apt-${process.pid}`)
  for (const name of ['lists/partial', 'archives/partial']) mkdirSync(join(state, name), { recursive: true })
  const sources = join(state, 'sources.list')
  writeFileSync(sources, `deb-src [signed-by=${KEYRING}] ${MIRROR} trixie main\n`)
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(state, 'lists'),
    'Dir::Cache::archives': join(state, 'archives'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'APT::Sandbox::User': '',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  try {
    run('apt-get', [...options, '-qq', 'update'], state)
    run('apt-get', [...options, '-qq', '--download-only', 'source', `quickjs=${QUICKJS_VERSION}-1`], state)
    renameSync(join(state, ARCHIVE), archive)
  } finally {
    rmSync(state, { recursive: true, force: true })
  }
}

function run(command, options, cwd) {
  const { status, error, stderr } = spawnSync(command, options, { cwd, encoding: 'utf8' })
  if (error !== undefined) throw new Error(`${command} cannot be started: ${error.message}`)
  if (status !== 0) throw new Error(`${command} failed: ${stderr.trim()}`)
}
