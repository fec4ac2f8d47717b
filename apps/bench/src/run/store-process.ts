import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { MemoryGroup } from '../measure/memory-group.js'
import type { Answer, Footprint, Order, Prepared } from './messages.js'
import type { Round } from './round.js'
import type { Scenario } from './scenario.js'
import { TRACED_CALLS } from '../measure/sync-counts.js'

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url))
const STDERR_KEPT = 4000
/** Nothing that is ordered takes so long. */
const ORDER_MS_MAX = 1_800_000

/** How to start the process of a store. */
export interface StoreProcessOptions {
  /** Flags for Node. */
  readonly flags?: readonly string[]
  /** File into which strace writes the system calls that make things durable. */
  readonly trace?: string
  /** Memory that it shares with nobody else. */
  readonly group?: MemoryGroup
  /** Takes what the process prints. */
  readonly onOutput?: (text: string) => void
}

/** The process of one store, seen from the conductor. One order is under way at a time. */
export class StoreProcess {
  readonly #child: ChildProcess
  #said = ''
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined
  #gone: string | undefined

  constructor({ flags = [], trace, group, onOutput }: StoreProcessOptions = {}) {
    const command = [process.execPath, '--expose-gc', ...flags, CHILD]
    const tracing = trace === undefined ? [] : ['strace', '-f', '-e', `trace=${TRACED_CALLS}`, '-o', trace]
    const traced = [...tracing, ...command]
    const [program = '', ...args] = group?.commandIn(traced) ?? traced
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    })
    if (onOutput !== undefined) this.#child.stdout?.setEncoding('utf8').on('data', onOutput)
    this.#listen()
  }

  /** Has everything loaded and made that the store is not to blame for. */
  async arrive(store: string, scenario: Scenario, dir: string): Promise<void> {
    const answer = await this.#ask({ kind: 'arrive', store, scenario, dir })
    if (answer.kind !== 'arrived') throw new Error(`answered ${answer.kind}`)
  }

  /** Opens the store, after it has arrived, and fills it when the scenario says so. */
  async prepare(workloads: readonly string[]): Promise<Prepared> {
    const answer = await this.#ask({ kind: 'prepare', workloads })
    if (answer.kind !== 'prepared') throw new Error(`answered ${answer.kind}`)
    return answer.prepared
  }

  async round(workload: string, budgetMs: number): Promise<Round> {
    const answer = await this.#ask({ kind: 'round', workload, budgetMs })
    if (answer.kind !== 'round') throw new Error(`answered ${answer.kind}`)
    return answer.round
  }

  /** Runs one round under a profiler. */
  async profile(
    of: 'cpu' | 'heap',
    workload: string,
    budgetMs: number,
  ): Promise<{ readonly round: Round; readonly profile: unknown }> {
    const answer = await this.#ask({ kind: 'profile', of, workload, budgetMs })
    if (answer.kind !== 'profiled') throw new Error(`answered ${answer.kind}`)
    return answer
  }

  async measure(): Promise<Footprint> {
    const answer = await this.#ask({ kind: 'measure' })
    if (answer.kind !== 'measured') throw new Error(`answered ${answer.kind}`)
    return answer.footprint
  }

  /** Has the store closed, and waits for the end of the process; ends it when it cannot be asked any more. */
  async finish(): Promise<void> {
    if (this.#gone !== undefined) return
    try {
      await this.#ask({ kind: 'finish' })
    } finally {
      this.kill()
    }
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #listen(): void {
    const child = this.#child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-STDERR_KEPT)
      })
    }
    child.on('message', (answer: Answer) => {
      const waiting = this.#waiting
      this.#waiting = undefined
      if (answer.kind === 'failed') waiting?.reject(new Error(answer.message))
      else waiting?.resolve(answer)
    })
    child.on('error', (error) => this.#end(`its process cannot be started: ${error.message}`))
    child.on('exit', (code, signal) => {
      const said = this.#said.trim()
      this.#end(`its process ended with ${signal ?? `code ${code}`}${said === '' ? '' : `: ${said}`}`)
    })
  }

  #end(reason: string): void {
    this.#gone ??= reason
    this.#waiting?.reject(new Error(this.#gone))
    this.#waiting = undefined
  }

  #ask(order: Order): Promise<Answer> {
    if (this.#gone !== undefined) return Promise.reject(new Error(this.#gone))
    return new Promise<Answer>((resolve, reject) => {
      const overdue = setTimeout(() => {
        this.#end(`did not answer ${order.kind} within ${ORDER_MS_MAX / 60_000} minutes`)
        this.kill()
      }, ORDER_MS_MAX)
      this.#waiting = {
        resolve(answer) {
          clearTimeout(overdue)
          resolve(answer)
        },
        reject(error) {
          clearTimeout(overdue)
          reject(error)
        },
      }
      this.#child.send(order)
    })
  }
}
