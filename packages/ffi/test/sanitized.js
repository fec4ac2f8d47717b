// Runs the C programs of the tests under AddressSanitizer with UndefinedBehaviorSanitizer, and those with threads under ThreadSanitizer.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildProgram, whyNotBuildable } from '../native/build.js'

const RUNS = [
  ...['api', 'abuse', 'threads', 'window', 'scan', 'commits'].map((name) => ({ name, sanitize: 'address' })),
  ...['threads', 'window', 'commits'].map((name) => ({ name, sanitize: 'thread' })),
]

const reason = whyNotBuildable()
if (reason !== undefined) throw new Error(`the C library cannot be built: ${reason}`)
for (const { name, sanitize } of RUNS) {
  const source = fileURLToPath(new URL(`native/${name}.c`, import.meta.url))
  const program = await buildProgram(source, { sanitize })
  const folder = mkdtempSync(join(tmpdir(), 'ldb-ffi-'))
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=1', UBSAN_OPTIONS: 'print_stacktrace=1' }
  console.log(`${name} with the sanitizer of ${sanitize}`)
  // Any report of ThreadSanitizer makes the status of the program 66.
  const { status } = spawnSync(program, [folder], { stdio: 'inherit', env })
  rmSync(folder, { recursive: true, force: true })
  if (status !== 0) process.exitCode = 1
}
