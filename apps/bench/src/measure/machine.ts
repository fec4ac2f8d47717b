import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** Where something was measured. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
  readonly v8: string
  /** What the folder of the stores lies on. */
  readonly fileSystem: string
  /** Programs that wanted to run, over the minute before. */
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

/** Looks at the machine, before anything is measured. */
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

/** Returns the name of the file system that a folder lies on, or its number. */
export function fileSystemOf(dir: string): string {
  const { type } = statfsSync(dir)
  return FILE_SYSTEMS[type] ?? `type 0x${type.toString(16)}`
}

/** Says which commit is measured, with a plus when files have changed since; "unknown" outside of a repository. */
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
