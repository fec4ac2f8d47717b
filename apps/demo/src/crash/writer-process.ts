import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Ledger } from './ledger.js'
import type { StoreOptions } from '../database/demo-store.js'

const PROGRAM = fileURLToPath(new URL('crash-writer.js', import.meta.url))

/** A child process that commits until it is killed. Its acknowledged commits are recorded in the ledger. */
export class WriterProcess {
  /** Settles when the first commit is acknowledged. */
  readonly firstAcknowledgement: Promise<void>
  /** Settles when the process has exited and its output has been read. */
  readonly end: Promise<void>
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  #killed = false

  /** Starts the process. */
  constructor({ dir, engine }: StoreOptions, ledger: Ledger) {
    const args = [PROGRAM, dir, ...(engine === undefined ? [] : [engine])]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.end = this.#listen(ledger)
    const { stdout } = this.#child
    const first = new Promise<void>((resolve) => stdout.once('data', () => resolve()))
    this.firstAcknowledgement = Promise.race([first, this.end])
    // A caller may await only one of the promises; the other must not become an unhandled rejection.
    this.end.catch(() => {})
    this.firstAcknowledgement.catch(() => {})
  }

  /** Kills the process with SIGKILL, which no process can catch or delay. */
  kill(): void {
    this.#killed = true
    this.#child.kill('SIGKILL')
  }

  #listen(ledger: Ledger): Promise<void> {
    const child = this.#child
    let errorOutput = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errorOutput += text))
    return new Promise((resolve, reject) => {
      child.on('error', reject)
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        try {
          ledger.append(text)
        } catch (error) {
          reject(error as Error)
        }
      })
      child.on('close', (code, signal) => {
        ledger.discardPartialLine()
        if (this.#killed && signal === 'SIGKILL') resolve()
        else
          reject(
            new Error(
              `the writer exited before it was killed, with ${signal ?? code}: ${errorOutput.trim()}`,
            ),
          )
      })
    })
  }
}
