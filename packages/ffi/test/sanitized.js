// Runs the C programs of the tests under AddressSanitizer and UndefinedBehaviorSanitizer.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildProgram, whyNotBuildable } from '../native/build.js'

const reason = whyNotBuildable()
if (reason !== undefined) throw new Error(`the C library cannot be built: ${reason}`)
for (const name of ['api', 'abuse', 'threads']) {
  const program = await buildProgram(fileURLToPath(new URL(`native/${name}.c`, import.meta.url)), {
    sanitize: true,
  })
  const folder = mkdtempSync(join(tmpdir(), 'ldb-ffi-'))
  const env = { ...process.env, ASAN_OPTIONS: 'detect_leaks=1', UBSAN_OPTIONS: 'print_stacktrace=1' }
  const { status } = spawnSync(program, [folder], { stdio: 'inherit', env })
  rmSync(folder, { recursive: true, force: true })
  if (status !== 0) process.exitCode = 1
}
