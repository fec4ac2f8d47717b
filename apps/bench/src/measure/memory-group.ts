import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Names of the control files, in either version of control groups. */
interface CgroupFiles {
  readonly usage: string
  readonly limit: string
  readonly kills: string
  readonly reclaim: string
}

const V1: CgroupFiles = {
  usage: 'memory.usage_in_bytes',
  limit: 'memory.limit_in_bytes',
  kills: 'memory.oom_control',
  reclaim: 'memory.force_empty',
}
const V2: CgroupFiles = {
  usage: 'memory.current',
  limit: 'memory.max',
  kills: 'memory.events',
  reclaim: 'memory.reclaim',
}
const MOUNT = '/sys/fs/cgroup'
const OWN_GROUPS = '/proc/self/cgroup'
/** The kernel needs a moment to remove the last process from a group. */
const REMOVALS_MAX = 100
const REMOVAL_PAUSE_MS = 20

let groupCount = 0

/**
 * A control group of the kernel: its processes share one memory limit, and the page cache of the files that they access
 * counts towards it.
 */
export class MemoryGroup {
  readonly #folder: string
  readonly #files: CgroupFiles

  private constructor(folder: string, files: CgroupFiles) {
    this.#folder = folder
    this.#files = files
  }

  /** Creates a group without a limit, or returns the reason why that is not possible. */
  static create(): MemoryGroup | string {
    groupCount += 1
    const name = `ldb-bench-${process.pid}-${groupCount}`
    let reason = 'the system has no control groups'
    for (const { parent, files } of parentFolders()) {
      const folder = join(parent, name)
      try {
        mkdirSync(folder)
        if (existsSync(join(folder, files.limit))) return new MemoryGroup(folder, files)
        rmdirSync(folder)
        reason = `control groups below ${parent} have no memory controller`
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error)
      }
    }
    return `memory cannot be limited here: ${reason}`
  }

  /**
   * Returns a command that runs another command as a member of the group from its start: memory that was charged before
   * joining would not count.
   */
  commandIn(command: readonly string[]): string[] {
    return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(this.#folder, 'cgroup.procs'), ...command]
  }

  /** Bytes charged to the group, page cache included. */
  get usage(): number {
    return Number(readFileSync(join(this.#folder, this.#files.usage), 'utf8'))
  }

  /** Processes that the kernel killed because the group reached its limit. */
  get killCount(): number {
    const counts = readFileSync(join(this.#folder, this.#files.kills), 'utf8')
    return Number(/^oom_kill (\d+)$/m.exec(counts)?.[1] ?? 0)
  }

  /** Limits the memory of the group. */
  limit(byteCount: number): void {
    writeFileSync(join(this.#folder, this.#files.limit), String(Math.floor(byteCount)))
  }

  /** Makes the kernel write back and drop the page cache that is charged to the group. */
  dropPageCache(): void {
    execFileSync('sync')
    try {
      writeFileSync(join(this.#folder, this.#files.reclaim), String(this.usage))
    } catch {
      // The kernel reclaimed what it could, and reports that this was less than requested.
    }
  }

  /** Removes the group; waits until its processes have exited. */
  async remove(): Promise<void> {
    for (let attempt = 1; existsSync(this.#folder); attempt++) {
      try {
        rmdirSync(this.#folder)
      } catch (error) {
        if (attempt === REMOVALS_MAX) throw error
        await new Promise((resolve) => setTimeout(resolve, REMOVAL_PAUSE_MS))
      }
    }
  }
}

/**
 * Returns the folders in which groups can be created: the process's own group, whose limits then still apply, and the
 * root.
 */
function parentFolders(): { readonly parent: string; readonly files: CgroupFiles }[] {
  if (!existsSync(OWN_GROUPS)) return []
  const lines = readFileSync(OWN_GROUPS, 'utf8').trim().split('\n')
  const pathOf = (matches: (controllers: string) => boolean): string | undefined => {
    const line = lines.find((each) => matches(each.split(':')[1] ?? ''))
    return line?.split(':').slice(2).join(':')
  }
  const first = pathOf((controllers) => controllers.split(',').includes('memory'))
  const second = pathOf((controllers) => controllers === '')
  const candidates: { parent: string; files: CgroupFiles }[] = []
  const add = (mount: string, path: string | undefined, files: CgroupFiles): void => {
    if (path === undefined) return
    for (const parent of new Set([join(mount, path), mount])) {
      if (existsSync(parent)) candidates.push({ parent, files })
    }
  }
  add(join(MOUNT, 'memory'), first, V1)
  add(MOUNT, second, V2)
  return candidates
}
