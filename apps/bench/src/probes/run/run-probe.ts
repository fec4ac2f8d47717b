import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Effort } from '../../model/effort.js'
import { PROBES } from './list.js'
import type { Finding, Probe, ProbeResult } from '../../model/probe.js'

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url))
const IN_EVERY_RUN = new Set(['recover'])

/** Returns the probes that are selected by name or name prefix; without names, those of the effort. */
export function selectProbes(only: readonly string[] | undefined, full: boolean): Probe[] {
  return PROBES.filter(({ id }) =>
    only === undefined
      ? full || IN_EVERY_RUN.has(id)
      : only.some((name) => id === name || id.startsWith(`${name}-`)),
  )
}

/** Runs a probe in its own process. */
export async function runProbe(probe: Probe, effort: Effort['name'], root: string): Promise<ProbeResult> {
  const { id, title } = probe
  const dir = join(root, id)
  const target = join(root, `${id}.json`)
  try {
    const failure = await runChild([id, effort, dir, target])
    if (failure !== undefined) return { id, title, findings: [], failure }
    return { id, title, findings: JSON.parse(readFileSync(target, 'utf8')) as Finding[] }
  } finally {
    rmSync(dir, { recursive: true, force: true })
    rmSync(target, { force: true })
  }
}

/** Runs the child process. Returns its error; `undefined` when it succeeds. */
function runChild(args: readonly string[]): Promise<string | undefined> {
  const child = spawn(process.execPath, ['--expose-gc', CHILD, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errorOutput = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errorOutput += text))
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(String(error)))
    child.on('close', (code, signal) =>
      resolve(
        code === 0 ? undefined : `its process ended with ${signal ?? `code ${code}`}: ${errorOutput.trim()}`,
      ),
    )
  })
}
