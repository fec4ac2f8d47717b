import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** A script that has not ended by then is killed, so that a test fails instead of waiting. */
const TIMEOUT_MS = 60_000

/** How a script is started. */
export interface ScriptStart {
  readonly cwd?: string
  readonly args?: readonly string[]
  /** Arguments for Node. */
  readonly flags?: readonly string[]
  /** Variables added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Command that starts Node, with its arguments: `unshare` or `strace`, for instance. */
  readonly through?: readonly string[]
}

/** How a script ended, and what it printed. */
export interface ScriptEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A script in a process of its own. It reports progress in lines on its standard output, and may read lines from its input. */
export class ScriptProcess {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #ended: Promise<ScriptEnd>
  #stdout = ''
  #stderr = ''
  #onOutput: () => void = () => undefined

  constructor(file: string, start: ScriptStart) {
    const node = [process.execPath, ...(start.flags ?? []), file, ...(start.args ?? [])]
    const [command = '', ...args] = [...(start.through ?? []), ...node]
    this.#process = spawn(command, args, {
      cwd: start.cwd,
      env: { ...process.env, ...start.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    // A script that has ended reads no input.
    this.#process.stdin.on('error', () => undefined)
    this.#process.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stdout += chunk
      this.#onOutput()
    })
    this.#process.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#stderr += chunk
    })
    this.#ended = this.#watchEnd()
  }

  /** Process id of the started command. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** What the script has printed to standard output so far. */
  get stdout(): string {
    return this.#stdout
  }

  /** Waits until the script has printed a line. @throws when it ends without that line. */
  async waitForLine(line: string): Promise<void> {
    const isPrinted = (): boolean => this.#stdout.split('\n').slice(0, -1).includes(line)
    const printed = new Promise<void>((resolve) => {
      this.#onOutput = (): void => {
        if (isPrinted()) resolve()
      }
      this.#onOutput()
    })
    await Promise.race([printed, this.#ended])
    if (!isPrinted()) {
      throw new Error(`the script ended without the line ${line}:\n${this.#stdout}\n${this.#stderr}`)
    }
  }

  /** Writes a line to the script's standard input. */
  send(line: string): void {
    this.#process.stdin.write(`${line}\n`)
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.#process.kill(signal)
  }

  /** Kills the script and waits for its end. */
  async killed(): Promise<ScriptEnd> {
    this.kill()
    return this.#ended
  }

  /** Ends the script's standard input and waits for its end. */
  end(): Promise<ScriptEnd> {
    this.#process.stdin.end()
    return this.#ended
  }

  #watchEnd(): Promise<ScriptEnd> {
    const timer = setTimeout(() => {
      this.kill()
    }, TIMEOUT_MS)
    return new Promise((resolve, reject) => {
      this.#process.once('error', reject)
      this.#process.once('close', (code, signal) => {
        clearTimeout(timer)
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })
      })
    })
  }
}
