import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** How a child process ended. */
export interface ChildEnd {
  readonly kind: 'ended' | 'crashed' | 'hanging'
  /** What it has printed. */
  readonly output: string
}

/** Runs a file of this folder in a process of its own, which a damaged store may crash or hang. Its argument is JSON. */
export function runChild(file: string, argument: object, msMax: number): Promise<ChildEnd> {
  return new Promise((resolve) => {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const child = spawn(process.execPath, [path, JSON.stringify(argument)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let output = ''
    let hangs = false
    const timer = setTimeout(() => {
      hangs = true
      child.kill('SIGKILL')
    }, msMax)
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ kind: hangs ? 'hanging' : code === 0 ? 'ended' : 'crashed', output })
    })
  })
}
