import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built library, which children run: they have no test runner to compile for them. */
export const LIBRARY = fileURLToPath(new URL('../dist/index.js', import.meta.url))

/** Returns the path of a program in `fixtures`. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))
}

/** Returns a new directory, and removes it with all that is in it when the block ends. */
export function scratchDirectory(): { readonly path: string; [Symbol.dispose](): void } {
  const path = fs.mkdtempSync(join(tmpdir(), 'ldb-vfs-'))
  return {
    path,
    [Symbol.dispose]() {
      fs.rmSync(path, { recursive: true, force: true })
    },
  }
}

/** Runs a program to its end and gives the lines that it printed; throws when it fails. */
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
    if (child.exitCode !== null || child.stdout === null) throw new Error(`${name} ended without a word`)
    await once(child.stdout, 'data')
  }
  return { child, line: output.join('').split('\n')[0] ?? '' }
}

/** Kills a child without warning and waits until it is gone. */
export async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function collect(child: ChildProcess, stream: 'stdout' | 'stderr'): string[] {
  const parts: string[] = []
  child[stream]?.setEncoding('utf8').on('data', (part: string) => parts.push(part))
  return parts
}
