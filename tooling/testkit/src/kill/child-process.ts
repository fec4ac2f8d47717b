import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { builtFile } from '../built-file.js'
import type { KillOrder } from './kill-plan.js'

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** What it wrote to the standard error. */
  readonly complaint: string
}

/** How to start a child. */
export interface ChildStart {
  /** Arguments for Node. */
  readonly flags?: readonly string[]
  /** Let the kernel kill it at the n-th call that changes files. */
  readonly killAtCall?: number
}

const CALLS =
  'pwrite64,pwritev,fdatasync,fsync,rename,renameat2,unlink,unlinkat,ftruncate,mkdir,mkdirat,rmdir'

/** A child that has loaded everything and waits for its order. */
export class KillChild {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #ended: Promise<ChildEnd>
  #onWord: (word: string) => void = () => undefined
  #pid = 0
  #signalWhenReady: NodeJS.Signals | undefined = undefined
  #rest = ''
  #order = ''

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
    // It may be dead before it has read its order.
    this.#process.stdin.on('error', () => undefined)
    this.#process.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#take(chunk)
    })
    this.#ended = this.#watchEnd()
  }

  /** Process id of the child itself, also when it runs under another program; 0 until it has told. */
  get pid(): number {
    return this.#pid
  }

  /**
   * Returns the child its order and follows it to its end.
   *
   * @param onWord - called with each word of the ledger, in their order.
   */
  run(order: KillOrder, onWord: (word: string) => void): Promise<ChildEnd> {
    this.#onWord = onWord
    this.#order = `${JSON.stringify(order)}\n`
    if (this.#pid !== 0) this.#process.stdin.write(this.#order)
    return this.#ended
  }

  /** Sends a signal: at once, or as soon as it is known to whom. */
  signal(signal: NodeJS.Signals): void {
    if (this.#pid === 0) {
      this.#signalWhenReady = signal
      return
    }
    try {
      process.kill(this.#pid, signal)
    } catch {
      // It has ended already.
    }
  }

  /** Ends a child that got no order. */
  async dismiss(): Promise<void> {
    this.#process.stdin.end()
    await this.#ended
  }

  #watchEnd(): Promise<ChildEnd> {
    let complaint = ''
    this.#process.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      complaint += chunk
    })
    return new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('close', (code, signal) => {
        resolve({ code, signal, complaint })
      })
    })
  }

  #take(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('ready ')) {
        this.#pid = Number(line.slice('ready '.length))
        if (this.#signalWhenReady !== undefined) this.signal(this.#signalWhenReady)
        else if (this.#order !== '') this.#process.stdin.write(this.#order)
      } else {
        this.#onWord(line)
      }
    }
  }
}

let problem: string | null | undefined

/** Tells why calls of the kernel cannot be used to kill, or `null` when they can. */
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
