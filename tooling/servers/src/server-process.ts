import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs'

/** A user that a server runs as. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/** How to start a server. */
export interface ServerCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly folder: string
  /** File that receives what it prints. */
  readonly logFile: string
  readonly account?: Account | undefined
  readonly environment?: Readonly<Record<string, string>>
  /** The signal that it gets when the process that has started it ends. */
  readonly signalOfParentsEnd?: 'KILL' | 'INT' | 'TERM'
}

const SETPRIV = '/usr/bin/setpriv'

/**
 * One process of a server.
 *
 * @remarks The process receives a signal when its parent ends, if `setpriv` is installed: a crash of the tests leaves no server.
 */
export class ServerProcess {
  readonly pid: number
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  #isRunning = true

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child
    this.pid = pid
    this.ended = new Promise((resolve) => {
      child.once('exit', () => {
        this.#isRunning = false
        resolve()
      })
    })
  }

  /** Starts a process. */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const log = openSync(command.logFile, 'a')
    const [program, args] = wrapped(command)
    const child = spawn(program, args, {
      cwd: command.folder,
      stdio: ['ignore', log, log],
      env: { PATH: process.env['PATH'], LC_ALL: 'C', ...command.environment },
      ...(program === SETPRIV ? {} : command.account),
    })
    closeSync(log)
    await new Promise((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    if (child.pid === undefined) throw new Error(`${command.program} has no process id`)
    return new ServerProcess(child, child.pid)
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  /** Sends `signal` to the process alone. */
  signal(signal: NodeJS.Signals): void {
    if (this.#isRunning) this.#child.kill(signal)
  }

  /** Kills the process and its children with SIGKILL, frozen ones too, and waits for its end. */
  async kill(): Promise<void> {
    // The process is stopped first, so that it creates no child meanwhile.
    this.signal('SIGSTOP')
    const family = this.#isRunning ? childrenOf(this.pid) : []
    this.signal('SIGKILL')
    for (const pid of family) send(pid, 'SIGKILL')
    await this.ended
  }

  /** Stops the process and its children: they answer nothing and keep their sockets. */
  freeze(): void {
    this.signal('SIGSTOP')
    if (this.#isRunning) for (const pid of childrenOf(this.pid)) send(pid, 'SIGSTOP')
  }

  /** Continues a frozen process and its children. */
  resume(): void {
    if (this.#isRunning) for (const pid of childrenOf(this.pid)) send(pid, 'SIGCONT')
    this.signal('SIGCONT')
  }

  /** Ends the process with `signal`; kills it after `timeoutMs`. */
  async stop(signal: NodeJS.Signals, timeoutMs: number): Promise<void> {
    if (!this.#isRunning) return
    this.signal(signal)
    const timeout = setTimeout(() => void this.kill(), timeoutMs)
    await this.ended
    clearTimeout(timeout)
  }
}

function wrapped(command: ServerCommand): [string, string[]] {
  if (!existsSync(SETPRIV)) return [command.program, [...command.args]]
  const options = ['--pdeathsig', command.signalOfParentsEnd ?? 'KILL']
  if (command.account !== undefined) {
    const { uid, gid } = command.account
    options.push(`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups')
  }
  return [SETPRIV, [...options, '--', command.program, ...command.args]]
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}

/** Returns the ids of the children of a process. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
    .map(Number)
}

function parentOf(pid: string): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name of the program, in parentheses, may contain spaces. State and parent follow it.
    return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
