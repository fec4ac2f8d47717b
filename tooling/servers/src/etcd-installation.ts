import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonAgainstInstalling, runAptGet } from './debian-packages.js'

/** Where etcd's server is, or why there is none. */
export type EtcdInstallation =
  | { readonly program: string; readonly missing?: undefined }
  | { readonly program?: undefined; readonly missing: string }

const VERSION_MIN = [3, 5] as const
/** The release of Debian whose etcd is used where that of the machine is older. Its program needs the C library only. */
const RELEASE = 'trixie'
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const CACHE_FOLDER = '/var/cache/ldb-servers'
const UNPACKED = join(CACHE_FOLDER, `etcd-${RELEASE}`)

/** Finds etcd 3.5 or later. Unpacks Debian's package where that is possible. */
export function findEtcd(): EtcdInstallation {
  const installed = ['/usr/bin/etcd', join(UNPACKED, 'usr/bin/etcd')].find(isRecent)
  if (installed !== undefined) return { program: installed }
  const reason = reasonAgainstInstalling() ?? unpack()
  const program = join(UNPACKED, 'usr/bin/etcd')
  if (reason === undefined && isRecent(program)) return { program }
  return { missing: `etcd ${VERSION_MIN.join('.')} is not installed: ${reason ?? 'its package is too old'}` }
}

function isRecent(program: string): boolean {
  if (!existsSync(program)) return false
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  const [major = 0, minor = 0] = (/etcd Version: (\d+)\.(\d+)/.exec(stdout)?.slice(1) ?? []).map(Number)
  return major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1])
}

/** Unpacks the package without installing it. Returns the reason if that fails. */
function unpack(): string | undefined {
  const mirror = debianMirror()
  if (mirror === undefined) return 'apt has no mirror of Debian'
  if (!existsSync(KEYRING)) return 'the keys of Debian are not installed'
  const folder = join(CACHE_FOLDER, `download-${process.pid}`)
  mkdirSync(join(folder, 'state/lists/partial'), { recursive: true })
  mkdirSync(join(folder, 'cache/archives/partial'), { recursive: true })
  try {
    console.log(`unpacking etcd-server of Debian ${RELEASE}`)
    const list = join(folder, 'sources.list')
    writeFileSync(list, `deb [signed-by=${KEYRING}] ${mirror} ${RELEASE} main\n`)
    const options = aptOptions(folder, list)
    const reason =
      runAptGet([...options, 'update']) ??
      runAptGet([...options, 'download', `etcd-server/${RELEASE}`], folder)
    if (reason !== undefined) return reason
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'))
    if (archive === undefined) return 'apt-get has downloaded nothing'
    execFileSync('dpkg', ['-x', join(folder, archive), join(folder, 'unpacked')])
    // Another suite may have unpacked it meanwhile.
    if (!existsSync(UNPACKED)) renameSync(join(folder, 'unpacked'), UNPACKED)
    return undefined
  } catch (error) {
    return String(error)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Directories of their own, so that the machine's packages stay as they are. */
function aptOptions(folder: string, list: string): string[] {
  const settings = [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State=${join(folder, 'state')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Dir::State::status=/var/lib/dpkg/status',
    'APT::Sandbox::User=root',
  ]
  return settings.flatMap((setting) => ['-o', setting])
}

/** Returns the address from which this machine gets Debian's packages. */
function debianMirror(): string | undefined {
  const format = ['--format', '$(REPO_URI)|$(LABEL)|$(COMPONENT)', 'Created-By: Packages']
  const { stdout } = spawnSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' })
  const main = stdout.split('\n').find((line) => line.endsWith('|Debian|main'))
  return main?.split('|')[0]
}
