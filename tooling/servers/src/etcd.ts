import { existsSync, readFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { freePort } from './free-port.js'
import { createScratchFolder, removeScratchFolder } from './scratch-folder.js'
import { ServerProcess } from './server-process.js'

/** Options of {@link EtcdServers.start}. */
export interface EtcdServersOptions {
  /** Number of members: 3 by default. */
  readonly memberCount?: number
  /** Further arguments of every member, which replace those of the same name. */
  readonly args?: readonly string[]
  /** Files of certificates, with which clients connect by TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string; readonly authority: string }
  /** Whether the members write their log to the device (false): a killed process loses nothing either way. */
  readonly sync?: boolean
}

interface Member {
  readonly name: string
  readonly clientUrl: string
  readonly peerUrl: string
  process: ServerProcess | undefined
}

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 5000
const METRIC_TIMEOUT_MS = 1000

/** The members of one etcd on loopback. */
export class EtcdServers {
  readonly #program: string
  readonly #options: EtcdServersOptions
  readonly #members: Member[]
  /** The directory of their data and logs. */
  readonly folder: string

  private constructor(program: string, options: EtcdServersOptions, folder: string, members: Member[]) {
    this.#program = program
    this.#options = options
    this.folder = folder
    this.#members = members
  }

  /** Starts members with empty data, and waits until they have a leader. */
  static async start(program: string, options: EtcdServersOptions = {}): Promise<EtcdServers> {
    const { memberCount = 3 } = options
    const scheme = options.tls === undefined ? 'http' : 'https'
    const members: Member[] = []
    for (let index = 0; index < memberCount; index++) {
      const clientUrl = `${scheme}://127.0.0.1:${await freePort()}`
      const peerUrl = `http://127.0.0.1:${await freePort()}`
      members.push({ name: `n${index}`, clientUrl, peerUrl, process: undefined })
    }
    const folder = createScratchFolder('etcd')
    const servers = new EtcdServers(program, options, folder, members)
    try {
      await Promise.all(members.map((_, index) => servers.#launch(index)))
      await Promise.all(members.map((_, index) => servers.#ready(index)))
    } catch (error) {
      await servers.stop()
      throw error
    }
    return servers
  }

  /** Addresses of the members for clients. */
  get endpoints(): string[] {
    return this.#members.map(({ clientUrl }) => clientUrl)
  }

  /** Returns the process of a member. */
  process(index: number): ServerProcess {
    const { process } = this.#member(index)
    if (process === undefined) throw new Error(`member ${index} is not started`)
    return process
  }

  /** Kills a member with SIGKILL. */
  async kill(index: number): Promise<void> {
    await this.process(index).kill()
  }

  /** Stops a member: it answers nothing and keeps its sockets. */
  freeze(index: number): void {
    this.process(index).freeze()
  }

  /** Continues a frozen member. */
  resume(index: number): void {
    this.process(index).resume()
  }

  /** Starts a member after its end, with its data. */
  async restart(index: number): Promise<void> {
    await this.#launch(index)
    await this.#ready(index)
  }

  /** Returns the index of the leader, or `undefined` when the members that answer know none. */
  async leader(): Promise<number | undefined> {
    const states = await Promise.all(this.#members.map((_, index) => this.#metric(index, 'is_leader')))
    const index = states.indexOf(1)
    return index === -1 ? undefined : index
  }

  /** Waits until the members have a leader, and returns its index. */
  async waitForLeader(): Promise<number> {
    const endMs = Date.now() + START_TIMEOUT_MS
    for (;;) {
      const leader = await this.leader()
      if (leader !== undefined) return leader
      if (Date.now() > endMs) throw new Error('etcd has no leader')
      await sleep(50)
    }
  }

  /** Returns the end of the log of a member. */
  log(index: number): string {
    const file = this.#logFile(index)
    return existsSync(file) ? readFileSync(file, 'utf8').slice(-4000) : ''
  }

  /** Stops all members and removes their directory. */
  async stop(): Promise<void> {
    await Promise.all(
      this.#members.map(async ({ process }) => {
        process?.resume()
        await process?.stop('SIGTERM', STOP_TIMEOUT_MS)
      }),
    )
    removeScratchFolder(this.folder)
  }

  async #launch(index: number): Promise<void> {
    const member = this.#member(index)
    member.process = await ServerProcess.start({
      program: this.#program,
      args: this.#arguments(member),
      folder: this.folder,
      logFile: this.#logFile(index),
    })
  }

  async #ready(index: number): Promise<void> {
    const endMs = Date.now() + START_TIMEOUT_MS
    while ((await this.#metric(index, 'has_leader')) !== 1) {
      if (!this.process(index).isRunning || Date.now() > endMs) {
        throw new Error(`etcd has not started:\n${this.log(index)}`)
      }
      await sleep(30)
    }
  }

  #arguments(member: Member): string[] {
    const { args = [], tls, sync = false } = this.#options
    const cluster = this.#members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')
    return [
      ...['--name', member.name, '--data-dir', join(this.folder, member.name)],
      ...['--listen-client-urls', member.clientUrl, '--advertise-client-urls', member.clientUrl],
      ...['--listen-peer-urls', member.peerUrl, '--initial-advertise-peer-urls', member.peerUrl],
      ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
      ...['--listen-metrics-urls', metricsUrl(member)],
      ...['--log-level', 'warn', '--logger', 'zap', '--log-outputs', 'stderr'],
      ...(sync ? [] : ['--unsafe-no-fsync']),
      ...(tls === undefined ? [] : ['--cert-file', tls.certificate, '--key-file', tls.key]),
      ...(tls === undefined ? [] : ['--trusted-ca-file', tls.authority, '--client-cert-auth']),
      ...args,
    ]
  }

  /** Returns a number that a member reports about itself; `undefined` when it does not answer. */
  async #metric(index: number, name: string): Promise<number | undefined> {
    const { process } = this.#member(index)
    if (process?.isRunning !== true) return undefined
    const text = await getText(`${metricsUrl(this.#member(index))}/metrics`, METRIC_TIMEOUT_MS)
    const line = new RegExp(`^etcd_server_${name} (\\d+)`, 'm').exec(text ?? '')
    return line === null ? undefined : Number(line[1])
  }

  #logFile(index: number): string {
    return join(this.folder, `${this.#member(index).name}.log`)
  }

  #member(index: number): Member {
    const member = this.#members[index]
    if (member === undefined) throw new RangeError(`there is no member ${index}`)
    return member
  }
}

/** A second address of a member, without TLS: another address of loopback, so that it needs no port of its own. */
function metricsUrl({ clientUrl }: Member): string {
  return `http://127.0.0.2:${new URL(clientUrl).port}`
}

/** Returns what a URL returns; `undefined` after an error, or `timeoutMs`. */
function getText(url: string, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.once('end', () => {
        resolve(text)
      })
    })
    // A frozen member accepts the connection, and sends nothing.
    const timeout = setTimeout(() => request.destroy(), timeoutMs)
    request.once('error', () => undefined)
    request.once('close', () => {
      clearTimeout(timeout)
      resolve(undefined)
    })
  })
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
