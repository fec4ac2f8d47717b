import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The scripts of `native`, which have no types of their own. */
interface NativeBuild {
  whyNotBuildable(): string | undefined
  buildProgram(source: string, options?: { readonly sanitize?: 'address' | 'thread' }): Promise<string>
}

const native = (await import(new URL('../native/build.js', import.meta.url).href)) as NativeBuild

/** Why the C library cannot be built on this machine; `undefined` where it can. */
export const whyNotBuildable: string | undefined = native.whyNotBuildable()

if (whyNotBuildable !== undefined) console.warn(`tests of the C library are skipped: ${whyNotBuildable}`)

/** Longest run of a program. */
const TIMEOUT_MS = 100_000

/** Compiles a C program of `test/native`. */
export function buildNative(name: string): Promise<string> {
  return native.buildProgram(fileURLToPath(new URL(`native/${name}.c`, import.meta.url)))
}

/** Runs a program, and returns its output. @throws {Error} when its status is not 0. */
export function runNative(program: string, options: readonly string[]): string {
  const { status, signal, stdout, stderr } = spawnSync(program, options, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 2 ** 26,
  })
  if (status === 0) return stdout
  throw new Error(`${program} ${options.join(' ')}: ${status ?? signal}\n${stdout}\n${stderr}`)
}

/** Starts a program, and waits for its first line. */
export async function startNative(
  program: string,
  options: readonly string[],
): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn(program, options)
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('error', reject)
    child.once('close', () => {
      reject(new Error('the program ended'))
    })
  })
  return child
}

/** Waits for the end of a process. */
export function ended(child: ChildProcessWithoutNullStreams): Promise<number | null> {
  return new Promise((resolve) => {
    child.once('close', resolve)
  })
}

/** Runs with a new directory, which is removed afterwards. */
export async function withDirectory(run: (path: string) => Promise<void> | void): Promise<void> {
  const path = mkdtempSync(join(tmpdir(), 'ldb-ffi-'))
  try {
    await run(path)
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}
