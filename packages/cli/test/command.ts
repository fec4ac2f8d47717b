// Runs the built command in child processes.
import { fork, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

/** The built command. */
export const PROGRAM: string = fileURLToPath(new URL('../bin/ldb.js', import.meta.url))
const RUNNER = fileURLToPath(new URL('batch-runner.js', import.meta.url))

export interface CommandResult {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A command of a batch. */
export interface BatchCommand {
  readonly args: readonly string[]
  /** Turns of the event loop after which SIGINT comes. */
  readonly interruptAfter?: number
}

/** Returns the environment of users: the packages are built ones, without the conditions of the workspace. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _conditions, ...inherited } = process.env
  return inherited
}

/** Runs the command in a process of its own, as users do. A start takes 0.4 s of processor time: {@link ldbAll} is for all further cases. */
export function ldb(
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): CommandResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], {
    input,
    encoding: 'utf8',
    env: { ...userEnvironment(), ...env },
    timeout: 120_000,
    maxBuffer: 64 * 2 ** 20,
  })
  return { code: status, out: stdout, err: stderr }
}

let runner: ChildProcess | undefined

/**
 * Runs commands one after another in a child process that all test files share, and returns the result of each. One batch at a time: the tests of a
 * process do not run at the same time.
 */
export function ldbAll(
  commands: readonly (BatchCommand | readonly string[])[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult[]> {
  const list = commands.map((command) => ('args' in command ? command : { args: command }))
  const child = (runner ??= startRunner())
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      runner = undefined
      reject(new Error(`the batch has ended early: ${JSON.stringify(list)}`))
    }
    child.once('exit', fail)
    child.once('message', (results) => {
      child.off('exit', fail)
      resolve(results as CommandResult[])
    })
    child.send({ commands: list, env })
  })
}

/** The process ends with this one, which does not wait for it. */
function startRunner(): ChildProcess {
  // Its output is a pipe, as in scripts: a terminal would get progress bars.
  const child = fork(RUNNER, { env: userEnvironment(), execArgv: [], silent: true })
  child.stderr?.pipe(process.stderr)
  for (const pipe of [child.stdout, child.stderr]) (pipe as Socket | null)?.unref()
  child.unref()
  child.channel?.unref()
  return child
}
