import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ScriptProcess } from './script-process.js'
import type { ScriptEnd, ScriptStart } from './script-process.js'

/**
 * A temporary folder with scripts that use the built packages in processes of their own, as an application does: the simulator has
 * no part in them.
 */
export class ScriptFolder {
  /** Absolute path of a folder for the scripts' data. */
  readonly path: string
  readonly #root: string
  #scriptCount = 0

  constructor() {
    this.#root = realpathSync(mkdtempSync(join(tmpdir(), 'ldb-outside-')))
    this.path = join(this.#root, 'work')
    mkdirSync(this.path)
    symlinkSync(
      fileURLToPath(new URL('../../node_modules', import.meta.url)),
      join(this.#root, 'node_modules'),
    )
  }

  /**
   * Starts a script: the source of an ES module, which may import the packages of the workspace. Its working directory is
   * {@link ScriptFolder.path}, unless `start` names another.
   */
  start(source: string, start: ScriptStart = {}): ScriptProcess {
    const file = join(this.#root, `script-${++this.#scriptCount}.mjs`)
    writeFileSync(file, source)
    return new ScriptProcess(file, { cwd: this.path, ...start })
  }

  /** Runs a script to its end. */
  run(source: string, start: ScriptStart = {}): Promise<ScriptEnd> {
    return this.start(source, start).end()
  }

  /** Removes the folder with everything in it. */
  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }
}
