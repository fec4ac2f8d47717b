import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** The machine that a benchmark ran on. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
  readonly v8: string
  /** File system of the folder of the stores. */
  readonly fileSystem: string
  /** Load average over the minute before the run. */
  readonly loadBefore: number
}

const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x01021994: 'tmpfs',
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlayfs',
  0x2fc12fc1: 'zfs',
  0x6969: 'nfs',
}

/** Describes the machine. Called before the first measurement, because it records the load. */
export function describeMachine(dir: string): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    fileSystem: fileSystemOf(dir),
    loadBefore: loadavg()[0] ?? 0,
  }
}

/** Returns the name of the file system of a folder, or its type number. */
function fileSystemOf(dir: string): string {
  const { type } = statfsSync(dir)
  return FILE_SYSTEMS[type] ?? `type 0x${type.toString(16)}`
}

/**
 * Returns the abbreviated commit hash, with a plus when the working tree has changes; "unknown" outside a repository.
 */
export function commitOf(folder: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`
  } catch {
    return 'unknown'
  }
}
