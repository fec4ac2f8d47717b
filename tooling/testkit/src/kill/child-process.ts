import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { builtFile } from '../base/built-file.js'
import type { ChildTask } from './kill-plan.js'

/** How a child process ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Its standard error output. */
  readonly stderr: string
}

/** Options for starting a child. */
export interface ChildStart {
  /** Arguments for Node. */
  readonly flags?: readonly string[]
  /** Number of the file-changing system call at which the kernel kills it. */
  readonly killAtCall?: number
}

const CALLS =
  'pwrite64,pwritev,fdatasync,fsync,rename,renameat2,unlink,unlinkat,ftruncate,mkdir,mkdirat,rmdir'

/** A child process that has loaded all modules and waits for its task. */
export class KillChild {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #ended: Promise<ChildEnd>
  #onMessage: (message: string) => void = () => undefined
  #pid = 0
  #signalWhenReady: NodeJS.Signals | undefined = undefined
  #rest = ''
  #task = ''

  constructor(start: ChildStart = {}) {
    const node = [...(start.flags ?? []), builtFile('kill/kill-child.js')]
    const trace = [
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      `trace=${CALLS}`,
      '-e',
      `inject=${CALLS}:signal=KILL:when=${start.killAtCall ?? 0}`,
    ]
    const [command, args] =
      start.killAtCall === undefined
        ? [process.execPath, node]
        : ['strace', [...trace, process.execPath, ...node]]
    this.#process = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    // The child may have ended before it reads its task.
    this.#process.stdin.on('error', () => undefined)
    this.#process.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#receive(chunk)
    })
    this.#ended = this.#watchEnd()
  }

  /** Process id of the child itself, also under strace; 0 until the child has sent it. */
  get pid(): number {
    return this.#pid
  }

  /**
   * Sends the child its task and waits for its end.
   *
   * @param onMessage - called with each message of the child, in order.
   */
  run(task: ChildTask, onMessage: (message: string) => void): Promise<ChildEnd> {
    this.#onMessage = onMessage
    this.#task = `${JSON.stringify(task)}\n`
    if (this.#pid !== 0) this.#process.stdin.write(this.#task)
    return this.#ended
  }

  /** Sends a signal, at once or as soon as the process id is known. */
  signal(signal: NodeJS.Signals): void {
    if (this.#pid === 0) {
      this.#signalWhenReady = signal
      return
    }
    try {
      process.kill(this.#pid, signal)
    } catch {
      // The child has ended already.
    }
  }

  /** Ends a child that has no task. */
  async end(): Promise<void> {
    this.#process.stdin.end()
    await this.#ended
  }

  #watchEnd(): Promise<ChildEnd> {
    let stderr = ''
    this.#process.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    return new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('close', (code, signal) => {
        resolve({ code, signal, stderr })
      })
    })
  }

  #receive(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('ready ')) {
        this.#pid = Number(line.slice('ready '.length))
        if (this.#signalWhenReady !== undefined) this.signal(this.#signalWhenReady)
        else if (this.#task !== '') this.#process.stdin.write(this.#task)
      } else {
        this.#onMessage(line)
      }
    }
  }
}

let problem: string | null | undefined

/** Returns why system calls cannot be used to kill a process, or `null` if they can. */
export function callKillProblem(): string | null {
  problem ??= findProblem()
  return problem
}

function findProblem(): string | null {
  try {
    execFileSync('strace', ['-qq', '-o', '/dev/null', '-e', 'inject=fsync:signal=KILL:when=1', 'true'], {
      stdio: 'pipe',
    })
    return null
  } catch (error) {
    return `strace cannot be used: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`
  }
}
