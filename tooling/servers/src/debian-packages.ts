import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const APT_GET = '/usr/bin/apt-get'
const FLOCK = '/usr/bin/flock'

/**
 * Installs Debian packages.
 *
 * @returns the reason if it cannot be done on this machine, `undefined` when they are installed.
 */
export function installDebianPackages(names: readonly string[]): string | undefined {
  const reason = reasonAgainstInstalling()
  if (reason !== undefined) return reason
  console.log(`installing ${names.join(' ')}`)
  const install = ['install', '-y', '--no-install-recommends', ...names]
  if (runAptGet(install) === undefined) return undefined
  // The lists of packages may be absent or old.
  return runAptGet(['update']) ?? runAptGet(install)
}

/** Returns the reason why this process cannot install packages, `undefined` if it may. */
export function reasonAgainstInstalling(): string | undefined {
  if (process.env['LDB_SERVERS'] === 'installed') return 'LDB_SERVERS=installed forbids to install packages'
  if (!existsSync(APT_GET)) return 'there is no apt-get'
  return process.getuid?.() === 0 ? undefined : 'only root can install packages'
}

/** Runs `apt-get`. Returns what it has printed if it fails. */
export function runAptGet(args: readonly string[], folder?: string): string | undefined {
  const command = [APT_GET, '-o', 'DPkg::Lock::Timeout=300', ...args]
  // Suites of several packages may install at the same time.
  const [program = '', ...rest] = existsSync(FLOCK)
    ? [FLOCK, '/tmp/ldb-servers-apt.lock', ...command]
    : command
  const result = spawnSync(program, rest, {
    // RUNLEVEL=1 keeps the package's own service from being started.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    encoding: 'utf8',
    ...(folder === undefined ? {} : { cwd: folder }),
  })
  if (result.status === 0) return undefined
  return `apt-get ${args.join(' ')} failed: ${result.error?.message ?? result.stderr.slice(-500)}`
}
