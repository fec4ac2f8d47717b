import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Path of the built package, which child processes import: they have no test runner that compiles TypeScript. */
export const LIBRARY = fileURLToPath(new URL('../dist/index.js', import.meta.url))

/** Returns the path of a program in `fixtures`. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

/** Creates a temporary directory and removes it with its content when the block ends. */
export function scratchDirectory(): { readonly path: string; [Symbol.dispose](): void } {
  const path = fs.mkdtempSync(join(tmpdir(), 'ldb-vfs-'))
  return {
    path,
    [Symbol.dispose]() {
      fs.rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Runs a program and returns the lines of its output; throws when its exit code is not 0. */
export async function runLines(command: string, args: readonly string[]): Promise<string[]> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors] = [collect(child, 'stdout'), collect(child, 'stderr')]
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${errors.join('')}`)
  return output.join('').trimEnd().split('\n')
}

/** Starts a fixture and waits for its first line. */
export async function startFixture(
  name: string,
  args: readonly string[],
): Promise<{ readonly child: ChildProcess; readonly line: string }> {
  const child = spawn(process.execPath, [fixture(name), ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const output = collect(child, 'stdout')
  while (!output.join('').includes('\n')) {
    if (child.exitCode !== null || child.stdout === null) throw new Error(`${name} ended without output`)
    await once(child.stdout, 'data')
  }
  return { child, line: output.join('').split('\n')[0] ?? '' }
}

/** Kills a child with SIGKILL and waits until it has exited. */
export async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): string[] {
  const parts: string[] = []
  child[stream]?.setEncoding('utf8').on('data', (part: string) => parts.push(part))
  return parts
}
