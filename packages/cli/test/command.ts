// Runs the built command in child processes.
import { spawnSync } from 'node:child_process'
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

/** Runs the command. */
export function ldb(
  args: readonly string[],
  input = '',
  env: Readonly<Record<string, string>> = {},
): CommandResult {
  return spawned([PROGRAM, ...args], input, env)
}

/** Runs commands one after another in one process, which is cheaper, and returns the result of each. */
export function ldbAll(
  commands: readonly (BatchCommand | readonly string[])[],
  env: Readonly<Record<string, string>> = {},
): CommandResult[] {
  const list = commands.map((command) => ('args' in command ? command : { args: command }))
  const { out, err } = spawned([RUNNER], JSON.stringify(list), env)
  if (out === '') throw new Error(`the batch has ended early: ${err}`)
  return JSON.parse(out) as CommandResult[]
}

function spawned(
  args: readonly string[],
  input: string,
  env: Readonly<Record<string, string>>,
): CommandResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    input,
    encoding: 'utf8',
    env: { ...userEnvironment(), ...env },
    timeout: 120_000,
    maxBuffer: 64 * 2 ** 20,
  })
  return { code: status, out: stdout, err: stderr }
}
