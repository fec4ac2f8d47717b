import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How the kernel calls what we ask of it, in either version of its control groups. */
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
/** The kernel takes a moment to let go of the last process of a group. */
const REMOVALS_MAX = 100
const REMOVAL_PAUSE_MS = 20

let groupCount = 0

/**
 * A control group of the kernel: its processes share one amount of memory, and the pages of files that the system keeps
 * for them count like their own.
 */
export class MemoryGroup {
  readonly #folder: string
  readonly #files: CgroupFiles

  private constructor(folder: string, files: CgroupFiles) {
    this.#folder = folder
    this.#files = files
  }

  /** Makes a group without a limit, or says why there can be none. */
  static create(): MemoryGroup | string {
    groupCount += 1
    const name = `ldb-bench-${process.pid}-${groupCount}`
    let reason = 'the system has no control groups'
    for (const { parent, dialect } of parents()) {
      const folder = join(parent, name)
      try {
        mkdirSync(folder)
        if (existsSync(join(folder, dialect.limit))) return new MemoryGroup(folder, dialect)
        rmdirSync(folder)
        reason = `control groups below ${parent} do not limit memory`
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error)
      }
    }
    return `memory cannot be limited here: ${reason}`
  }

  /** Returns a command that runs another one as a member from its beginning on: what a process has before does not count. */
  commandIn(command: readonly string[]): string[] {
    return ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(this.#folder, 'cgroup.procs'), ...command]
  }

  /** Bytes that the group has now, pages of files among them. */
  get usage(): number {
    return Number(readFileSync(join(this.#folder, this.#files.usage), 'utf8'))
  }

  /** How many processes were ended because the group had no more memory. */
  get killCount(): number {
    const counts = readFileSync(join(this.#folder, this.#files.kills), 'utf8')
    return Number(/^oom_kill (\d+)$/m.exec(counts)?.[1] ?? 0)
  }

  /** Lets the group have so many bytes and no more. */
  limit(byteCount: number): void {
    writeFileSync(join(this.#folder, this.#files.limit), String(Math.floor(byteCount)))
  }

  /** Has the system write back and forget the pages of files that it keeps for the group. */
  dropPageCache(): void {
    execFileSync('sync')
    try {
      writeFileSync(join(this.#folder, this.#files.reclaim), String(this.usage))
    } catch {
      // It has given back what it could, and says that this was less than all.
    }
  }

  /** Removes the group, once its processes are gone. */
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

/** Where groups may be made: below our own, so that its limits go on to hold, or at the top. */
function parents(): { readonly parent: string; readonly dialect: CgroupFiles }[] {
  if (!existsSync(OWN_GROUPS)) return []
  const lines = readFileSync(OWN_GROUPS, 'utf8').trim().split('\n')
  const pathOf = (isOurs: (controllers: string) => boolean): string | undefined => {
    const line = lines.find((each) => isOurs(each.split(':')[1] ?? ''))
    return line?.split(':').slice(2).join(':')
  }
  const first = pathOf((controllers) => controllers.split(',').includes('memory'))
  const second = pathOf((controllers) => controllers === '')
  const found: { parent: string; dialect: CgroupFiles }[] = []
  const add = (mount: string, path: string | undefined, dialect: CgroupFiles): void => {
    if (path === undefined) return
    for (const parent of new Set([join(mount, path), mount])) {
      if (existsSync(parent)) found.push({ parent, dialect })
    }
  }
  add(join(MOUNT, 'memory'), first, V1)
  add(MOUNT, second, V2)
  return found
}
