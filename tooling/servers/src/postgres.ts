import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { installDebianPackages } from './debian-packages.js'
import { freePort } from './free-port.js'
import { createScratchFolder, removeScratchFolder } from './scratch-folder.js'
import { ServerProcess } from './server-process.js'
import type { Account } from './server-process.js'

/** Where PostgreSQL's programs are, or why there are none. */
export type PostgresInstallation =
  | { readonly bin: string; readonly missing?: undefined }
  | { readonly bin?: undefined; readonly missing: string }

/** Options of {@link PostgresServer.start}. */
export interface PostgresOptions {
  /** Lines of postgresql.conf. */
  readonly settings?: readonly string[]
  /** Certificate and key of the server, in PEM. Without them it has no TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** Whether commits reach the device (false): a killed process loses nothing either way. */
  readonly sync?: boolean
}

const DEBIAN_FOLDER = '/usr/lib/postgresql'
const VERSION_MIN = 15
const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 10_000

/** Finds PostgreSQL 15 or later. Installs Debian's package where that is possible. */
export function findPostgres(): PostgresInstallation {
  const installed = installedBin()
  if (installed !== undefined) return { bin: installed }
  const reason = installDebianPackages(['postgresql-15'])
  const bin = reason === undefined ? installedBin() : undefined
  if (bin !== undefined) return { bin }
  return { missing: `PostgreSQL ${VERSION_MIN} is not installed: ${reason ?? 'its package has no programs'}` }
}

function installedBin(): string | undefined {
  if (!existsSync(DEBIAN_FOLDER)) return undefined
  const versions = readdirSync(DEBIAN_FOLDER)
    .map(Number)
    .filter((version) => version >= VERSION_MIN)
    .sort((a, b) => a - b)
  const bins = versions.map((version) => join(DEBIAN_FOLDER, String(version), 'bin'))
  return bins.find((bin) => existsSync(join(bin, 'postgres')))
}

/** One PostgreSQL on loopback, with a password. */
export class PostgresServer {
  readonly port: number
  readonly password: string
  /** The directory of its data, its configuration and its log. */
  readonly folder: string
  readonly #bin: string
  #process: ServerProcess | undefined = undefined

  private constructor(bin: string, folder: string, port: number, password: string) {
    this.#bin = bin
    this.folder = folder
    this.port = port
    this.password = password
  }

  /** Creates a database cluster in a temporary directory, and starts it. */
  static async start(bin: string, options: PostgresOptions = {}): Promise<PostgresServer> {
    const password = randomBytes(9).toString('base64url')
    const account = serverAccount()
    const folder = createScratchFolder('postgres', account)
    try {
      const server = new PostgresServer(bin, folder, await freePort(), password)
      server.#initialize(options)
      await server.restart()
      return server
    } catch (error) {
      removeScratchFolder(folder)
      throw error
    }
  }

  /** Copies a running primary with `pg_basebackup`, and starts the copy as its standby under `name`. */
  static async startStandby(bin: string, primary: PostgresServer, name: string): Promise<PostgresServer> {
    const account = serverAccount()
    const folder = createScratchFolder('postgres', account)
    try {
      const server = new PostgresServer(bin, folder, await freePort(), primary.password)
      server.copyFrom(primary)
      server.follow(primary, name)
      await server.restart()
      return server
    } catch (error) {
      removeScratchFolder(folder)
      throw error
    }
  }

  /** Connection string of the database `postgres`. */
  get url(): string {
    return `postgres://postgres:${this.password}@127.0.0.1:${this.port}/postgres`
  }

  get process(): ServerProcess {
    if (this.#process === undefined) throw new Error('the server is not started')
    return this.#process
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false
  }

  /** Starts the server again after its end, and waits until it accepts connections. */
  async restart(): Promise<void> {
    // A killed server leaves the file, with an id that another process may have got.
    rmSync(join(this.#data, 'postmaster.pid'), { force: true })
    this.#process = await ServerProcess.start({
      program: join(this.#bin, 'postgres'),
      args: ['-D', this.#data, '-p', String(this.port), '-k', this.folder],
      folder: this.folder,
      logFile: this.#logFile,
      account: serverAccount(),
      signalOfParentsEnd: 'INT',
    })
    const endMs = Date.now() + START_TIMEOUT_MS
    while (!this.#isReady()) {
      if (!this.isRunning || Date.now() > endMs) {
        await this.#process.kill()
        throw new Error(`PostgreSQL has not started:\n${this.log()}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    // The socket accepts a little after the file says so.
    await reach(this.port, endMs)
  }

  /** Returns the end of the log of the server. */
  log(): string {
    return readFileSync(this.#logFile, 'utf8').slice(-4000)
  }

  /** Runs SQL as the superuser, over the socket of the server's directory. Returns the unaligned output. */
  query(sql: string, timeoutMs = 10_000): string {
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      String(this.port),
      '-U',
      'postgres',
      '-d',
      'postgres',
      '-Atqc',
      sql,
    ]
    return execFileSync(join(this.#bin, 'psql'), ['-X', '-v', 'ON_ERROR_STOP=1', ...args], {
      env: { ...process.env, PGPASSWORD: this.password },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
    }).trim()
  }

  /** Appends lines to the configuration. They apply at the next start, or after `pg_reload_conf()`. */
  configure(lines: readonly string[]): void {
    appendFileSync(join(this.#data, 'postgresql.conf'), `${lines.join('\n')}\n`)
  }

  /** Replaces the data by a copy of another server's. */
  copyFrom(source: PostgresServer): void {
    rmSync(this.#data, { recursive: true, force: true })
    this.#run('pg_basebackup', ['-d', source.url, '-D', this.#data, '-X', 'stream', '-c', 'fast', '-R'])
  }

  /** Makes the server a standby of `primary` from its next start, or reload, on. */
  follow(primary: PostgresServer, name: string): void {
    const source = `host=127.0.0.1 port=${primary.port} user=postgres password=${primary.password}`
    this.configure([`primary_conninfo = '${source} application_name=${name}'`])
    writeFileSync(join(this.#data, 'standby.signal'), '', { flag: 'a' })
    const account = serverAccount()
    if (account !== undefined) execFileSync('chown', ['postgres', join(this.#data, 'standby.signal')])
    // `pg_basebackup -R` has written the connection of its own, which would apply instead.
    writeFileSync(join(this.#data, 'postgresql.auto.conf'), '')
  }

  /** Stops the server and removes its directory. */
  async stop(): Promise<void> {
    this.#process?.resume()
    await this.#process?.stop('SIGINT', STOP_TIMEOUT_MS)
    removeScratchFolder(this.folder)
  }

  get #data(): string {
    return join(this.folder, 'data')
  }

  get #logFile(): string {
    return join(this.folder, 'server.log')
  }

  #initialize({ settings = [], tls, sync = false }: PostgresOptions): void {
    const passwordFile = join(this.folder, 'password')
    this.#writeOwned(passwordFile, this.password)
    const access = ['--auth-host=scram-sha-256', '--auth-local=trust', `--pwfile=${passwordFile}`]
    this.#run('initdb', ['-D', this.#data, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '-N', ...access])
    const lines = [
      "listen_addresses = '127.0.0.1'",
      `fsync = ${sync ? 'on' : 'off'}`,
      'max_connections = 60',
      'shared_buffers = 32MB',
      ...settings,
    ]
    if (tls !== undefined) {
      this.#writeOwned(join(this.folder, 'server.crt'), tls.certificate)
      this.#writeOwned(join(this.folder, 'server.key'), tls.key)
      lines.push('ssl = on', `ssl_cert_file = '${join(this.folder, 'server.crt')}'`)
      lines.push(`ssl_key_file = '${join(this.folder, 'server.key')}'`)
    }
    this.configure(lines)
  }

  #writeOwned(path: string, text: string): void {
    writeFileSync(path, text, { mode: 0o600 })
    if (serverAccount() !== undefined) execFileSync('chown', ['postgres:postgres', path])
  }

  #run(program: string, args: readonly string[]): void {
    const result = spawnSync(join(this.#bin, program), args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      ...serverAccount(),
    })
    if (result.status !== 0) throw new Error(`${program}: ${result.error?.message ?? result.stderr}`)
  }

  /** Reports whether the server accepts connections: it writes so into its own file. */
  #isReady(): boolean {
    try {
      const lines = readFileSync(join(this.#data, 'postmaster.pid'), 'utf8').split('\n')
      return lines[7]?.trim() === 'ready' || lines[7]?.trim() === 'standby'
    } catch {
      return false
    }
  }
}

/** Returns the user of the servers: `postgres` when this process is root, which PostgreSQL refuses to run as. */
function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

async function reach(port: number, endMs: number): Promise<void> {
  for (;;) {
    const isReached = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => {
        resolve(false)
      })
    })
    if (isReached) return
    if (Date.now() > endMs) throw new Error(`no server listens at port ${port}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
