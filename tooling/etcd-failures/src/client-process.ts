import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { ClientReport } from './workload.js'

/** A client that may fail. */
export interface ClientProcess {
  /** Kills it with SIGKILL, and waits until everything that it has reported was received. */
  kill(): Promise<void>
  freeze(): void
  resume(): void
  /** Lets it finish its writes, and end. */
  stop(): Promise<void>
}

/** Starts a client in a process of its own. */
export function startClientProcess(
  endpoints: readonly string[],
  name: string,
  report: (line: ClientReport) => void,
): ClientProcess {
  const child = spawn(
    process.execPath,
    [new URL('client.js', import.meta.url).pathname, name, ...endpoints],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  // A client that was killed does not read any more.
  child.stdin.on('error', () => undefined)
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    // A killed client may leave half a line.
    if (line.endsWith('}')) report(JSON.parse(line) as ClientReport)
  })
  return {
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    freeze: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    stop: async () => {
      child.stdin.end('stop\n')
      const code = await ended
      if (code !== 0) throw new Error(`client ${name} has ended with code ${code}`)
    },
  }
}
