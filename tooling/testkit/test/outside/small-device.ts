import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system in memory of limited size, mounted for one test. */
export class SmallDevice {
  readonly path: string
  readonly #root: string

  constructor(sizeMib: number) {
    this.#root = mkdtempSync(join(tmpdir(), 'ldb-device-'))
    this.path = join(this.#root, 'mount')
    mkdirSync(this.path)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs', this.path], { stdio: 'ignore' })
  }

  /** Unmounts and removes it. */
  remove(): void {
    execFileSync('umount', [this.path], { stdio: 'ignore' })
    rmSync(this.#root, { recursive: true })
  }
}

/** Returns why no device can be mounted here; `undefined` when one can. */
export function whyNoDevice(): string | undefined {
  if (process.platform !== 'linux') return 'no tmpfs on this platform'
  try {
    new SmallDevice(1).remove()
    return undefined
  } catch {
    return 'mounting a tmpfs is not permitted'
  }
}
