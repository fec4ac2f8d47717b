import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { RunDescription } from './deep-table.js'

/** Returns the description of a run: commit, date and machine. */
export function describeRun(workerCount: number): RunDescription {
  const date = new Date().toISOString().slice(0, 10)
  const [processor] = cpus()
  const machine = `Node ${process.versions.node} on ${cpus().length} × ${processor?.model.trim() ?? 'unknown'}`
  return { commit: currentCommit(), date, machine, workerCount }
}

function currentCommit(): string {
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== ''
    return `\`${git('rev-parse', '--short=10', 'HEAD')}\`${isChanged ? ' with changes' : ''}`
  } catch {
    return 'unknown'
  }
}
