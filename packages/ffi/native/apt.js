// Downloads packages of Debian with a state of its own: the configuration, the lists and the archives of the system's apt are neither read nor changed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const MIRROR = 'http://deb.debian.org/debian'

/**
 * Downloads into a folder that is removed afterwards.
 *
 * @param folder - where the temporary folder is created.
 * @param source - `deb` or `deb-src`, and the suite.
 * @param command - arguments of apt-get.
 * @param use - called with the folder of the files.
 * @throws {Error} that says why the packages are not available.
 */
export function downloadWithApt(folder, { kind, suite }, command, use) {
  if (!existsSync(KEYRING)) throw new Error(`packages are fetched with apt: ${KEYRING} is missing`)
  const state = join(folder, `apt-${process.pid}`)
  for (const name of ['lists/partial', 'archives/partial']) mkdirSync(join(state, name), { recursive: true })
  const sources = join(state, 'sources.list')
  writeFileSync(sources, `${kind} [signed-by=${KEYRING}] ${MIRROR} ${suite} main\n`)
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
    run('apt-get', [...options, '-qq', ...command], state)
    use(state)
  } finally {
    rmSync(state, { recursive: true, force: true })
  }
}

/** Runs a program. @throws {Error} with its errors when it fails. */
export function run(command, options, cwd) {
  const { status, error, stderr } = spawnSync(command, options, { cwd, encoding: 'utf8' })
  if (error !== undefined) throw new Error(`${command} cannot be started: ${error.message}`)
  if (status !== 0) throw new Error(`${command} failed: ${stderr.trim()}`)
}
