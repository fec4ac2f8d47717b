import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'

/**
 * Returns the environment of commands in the workspace: the pinned pnpm on PATH, and no telemetry.
 *
 * @param {string} pnpmFolder
 */
export function workspaceEnvironment(pnpmFolder) {
  return {
    ...process.env,
    PATH: `${pnpmFolder}${delimiter}${process.env.PATH ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    TURBO_NO_UPDATE_NOTIFIER: '1',
    DO_NOT_TRACK: '1',
  }
}

/**
 * Runs turbo and prints only the output of failed tasks.
 *
 * @param {string} root
 * @param {string} pnpmFolder
 * @param {string[]} args - tasks and filters
 * @returns {Promise<{ exitCode: number, failedTasks: string[] }>}
 */
export async function runTurbo(root, pnpmFolder, args) {
  const summaries = join(root, '.turbo', 'runs')
  rmSync(summaries, { recursive: true, force: true })
  const program = join(root, 'node_modules', 'turbo', 'bin', 'turbo')
  const fixed = ['--concurrency=2', '--output-logs=errors-only', '--log-prefix=none', '--summarize']
  const child = spawn(process.execPath, [program, 'run', ...args, ...fixed], {
    cwd: root,
    env: workspaceEnvironment(pnpmFolder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  forwardLines(child.stdout, process.stdout)
  forwardLines(child.stderr, process.stderr)
  const exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  return { exitCode, failedTasks: exitCode === 0 ? [] : failedTasks(summaries) }
}

// Messages of turbo itself: packages in scope, caches, totals. Only the output of failed tasks is printed.
const TURBO_MESSAGES =
  /^ *(?:• |cache (?:miss|hit)|Tasks: |Cached: |Time: |Summary: |Failed: |ERROR +run failed)|(?:WARNING|ERROR) +command /

/**
 * Forwards the lines of a stream, except messages of turbo itself and repeated blank lines.
 *
 * @param {import('node:stream').Readable} stream
 * @param {NodeJS.WriteStream} target
 */
function forwardLines(stream, target) {
  let blank = true
  createInterface({ input: stream }).on('line', (line) => {
    const plain = stripVTControlCharacters(line)
    if (TURBO_MESSAGES.test(plain) || (blank && plain.trim() === '')) return
    blank = plain.trim() === ''
    target.write(`${line}\n`)
  })
}

/** @param {string} folder */
function failedTasks(folder) {
  /** @type {string[]} */
  const failed = []
  for (const file of readdirSync(folder)) {
    const { tasks } = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    for (const task of tasks) {
      const exitCode = task.execution?.exitCode
      if (typeof exitCode === 'number' && exitCode !== 0) failed.push(task.taskId)
    }
  }
  return failed.sort()
}
