import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { MemoryGroup } from '../measure/memory-group.js'
import type { Footprint } from '../model/results.js'
import type { StoreResponse, StoreRequest, Prepared } from './messages.js'
import type { Round } from '../model/round.js'
import type { Scenario } from '../model/scenario.js'
import { TRACED_CALLS } from '../measure/sync-counts.js'

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url))
const OUTPUT_CHARACTERS_MAX = 4000
/** Longer than any request takes. */
const REQUEST_MS_MAX = 1_800_000

/** How to start the process of a store. */
export interface StoreProcessOptions {
  /** Flags for Node. */
  readonly flags?: readonly string[]
  /** File into which strace writes the system calls that sync. */
  readonly trace?: string
  /** Control group of the process. */
  readonly group?: MemoryGroup
  /** Receives the output of the process. */
  readonly onOutput?: (text: string) => void
}

/** The process of one store, seen from the parent. At most one request is pending. */
export class StoreProcess {
  readonly #child: ChildProcess
  #output = ''
  #pending: { resolve(response: StoreResponse): void; reject(error: Error): void } | undefined
  #exitReason: string | undefined

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

  /** Loads modules and data whose memory must not count as the store's. */
  async initialize(store: string, scenario: Scenario, dir: string): Promise<void> {
    const response = await this.#request({ kind: 'initialize', store, scenario, dir })
    if (response.kind !== 'initialized') throw new Error(`answered ${response.kind}`)
  }

  /** Opens the initialized store, and loads it when the scenario requires that. */
  async prepare(workloads: readonly string[]): Promise<Prepared> {
    const response = await this.#request({ kind: 'prepare', workloads })
    if (response.kind !== 'prepared') throw new Error(`answered ${response.kind}`)
    return response.prepared
  }

  async round(workload: string, budgetMs: number): Promise<Round> {
    const response = await this.#request({ kind: 'round', workload, budgetMs })
    if (response.kind !== 'round') throw new Error(`answered ${response.kind}`)
    return response.round
  }

  /** Runs one round under a profiler. */
  async profile(
    profileKind: 'cpu' | 'heap',
    workload: string,
    budgetMs: number,
  ): Promise<{ readonly round: Round; readonly profile: unknown }> {
    const response = await this.#request({ kind: 'profile', profileKind, workload, budgetMs })
    if (response.kind !== 'profiled') throw new Error(`answered ${response.kind}`)
    return response
  }

  async measure(): Promise<Footprint> {
    const response = await this.#request({ kind: 'measure' })
    if (response.kind !== 'measured') throw new Error(`answered ${response.kind}`)
    return response.footprint
  }

  /** Closes the store and ends the process; kills it when it does not respond. */
  async finish(): Promise<void> {
    if (this.#exitReason !== undefined) return
    try {
      await this.#request({ kind: 'finish' })
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
        this.#output = (this.#output + text).slice(-OUTPUT_CHARACTERS_MAX)
      })
    }
    child.on('message', (response: StoreResponse) => {
      const pending = this.#pending
      this.#pending = undefined
      if (response.kind === 'failed') pending?.reject(new Error(response.message))
      else pending?.resolve(response)
    })
    child.on('error', (error) => this.#end(`its process cannot be started: ${error.message}`))
    child.on('exit', (code, signal) => {
      const output = this.#output.trim()
      this.#end(`its process ended with ${signal ?? `code ${code}`}${output === '' ? '' : `: ${output}`}`)
    })
  }

  #end(reason: string): void {
    this.#exitReason ??= reason
    this.#pending?.reject(new Error(this.#exitReason))
    this.#pending = undefined
  }

  #request(order: StoreRequest): Promise<StoreResponse> {
    if (this.#exitReason !== undefined) return Promise.reject(new Error(this.#exitReason))
    return new Promise<StoreResponse>((resolve, reject) => {
      const overdue = setTimeout(() => {
        this.#end(`did not answer ${order.kind} within ${REQUEST_MS_MAX / 60_000} minutes`)
        this.kill()
      }, REQUEST_MS_MAX)
      this.#pending = {
        resolve(response) {
          clearTimeout(overdue)
          resolve(response)
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
