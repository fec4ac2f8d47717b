import { spawnSync } from 'node:child_process'
import type { ScriptFolder } from './script-folder.js'
import type { ScriptProcess, ScriptStart } from './script-process.js'

/** Result of an attempt to open a database. */
export interface OpenOutcome {
  /** `'opened'`, or the code of the error. */
  readonly outcome: string
  readonly message: string
  readonly holder: string
  /** Keys of the keyspace `default`. */
  readonly keys: readonly string[]
}

/** How a script opens the database. */
export interface OpenChoice {
  readonly readOnly?: boolean
  /** Path of the database, when it is not that of {@link LockScripts}. */
  readonly path?: string
  /** Key that a writer puts once it has opened. */
  readonly key?: string
}

/** Shell command that makes flock(1) a file that is not executable, in a mount namespace, as in an image without the program. */
export const HIDE_FLOCK = 'for file in $(which -a flock); do mount --bind /dev/null "$file"; done'

/** Starts a script where there is no flock(1). Needs the right to mount. */
export const WITHOUT_FLOCK: readonly string[] = [
  'unshare',
  '--mount',
  'sh',
  '-ec',
  `${HIDE_FLOCK}; exec "$@"`,
  'sh',
]

/** Returns why a command that starts other commands does not work on this machine; empty when it works. */
export function reasonToSkip(through: readonly string[]): string {
  const { error, status, stderr } = spawnSync('env', [...through, 'true'], { encoding: 'utf8' })
  if (error !== undefined) return error.message
  return status === 0 ? '' : stderr.trim()
}

const HOLD = `
import { Database } from '@ldb/core'
const { path, readOnly, key } = JSON.parse(process.argv[2])
const db = Database.open(path, { readOnly, createIfMissing: false })
if (!readOnly) db.put(key, 'x')
process.stdin.resume().on('end', () => db.close())
console.log('held')
`

const TRY = `
import { Database } from '@ldb/core'
const outcomes = JSON.parse(process.argv[2]).map(({ path, readOnly }) => {
  try {
    const db = Database.open(path, { readOnly, createIfMissing: false })
    const keys = db.keys().toArray()
    db.close()
    return { outcome: 'opened', message: '', holder: '', keys }
  } catch (error) {
    return { outcome: error.code, message: error.message, holder: error.details?.holder ?? '', keys: [] }
  }
})
console.log(JSON.stringify(outcomes))
`

/** Scripts that open one database in processes of their own, and report whether they are refused. */
export class LockScripts {
  /** Path of the database. */
  readonly path: string
  readonly #folder: ScriptFolder

  constructor(folder: ScriptFolder, path: string) {
    this.#folder = folder
    this.path = path
  }

  /** Creates the database. */
  async create(): Promise<void> {
    const { code, stderr } = await this.#folder.run(
      `import { Database } from '@ldb/core'
      const db = Database.open(process.argv[2])
      db.put('first', 'x')
      db.close()`,
      { args: [this.path] },
    )
    if (code !== 0) throw new Error(`the database was not created: ${stderr}`)
  }

  /** Starts a script that opens the database, and keeps it open until it is killed or its input ends. */
  async hold(start: ScriptStart = {}, choice: OpenChoice = {}): Promise<ScriptProcess> {
    const script = this.#folder.start(HOLD, { ...start, args: [JSON.stringify(this.#complete(choice))] })
    await script.waitForLine('held')
    return script
  }

  /** Runs a script that opens and closes the database once. */
  async tryOpen(start: ScriptStart = {}, choice: OpenChoice = {}): Promise<OpenOutcome> {
    const [outcome] = await this.#tryAll(start, [choice])
    if (outcome === undefined) throw new Error('the script printed no outcome')
    return outcome
  }

  /** Runs a script that opens and closes the database read-only, and then for writing. */
  tryBothModes(start: ScriptStart = {}, path: string = this.path): Promise<readonly OpenOutcome[]> {
    return this.#tryAll(start, [
      { path, readOnly: true },
      { path, readOnly: false },
    ])
  }

  async #tryAll(start: ScriptStart, choices: readonly OpenChoice[]): Promise<readonly OpenOutcome[]> {
    const argument = JSON.stringify(choices.map((choice) => this.#complete(choice)))
    const end = await this.#folder.run(TRY, { ...start, args: [argument] })
    const line = end.stdout.trim()
    if (!line.startsWith('[')) throw new Error(`the script printed no outcome: ${line}\n${end.stderr}`)
    return JSON.parse(line) as OpenOutcome[]
  }

  #complete({ readOnly = false, path = this.path, key = 'held' }: OpenChoice): Required<OpenChoice> {
    return { readOnly, path, key }
  }
}
