// Runs one test file in QuickJS.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { compileProgram, buildEngine } from '../../native/build.js'
import { BUNDLE_OPTIONS } from '../../native/bundle.js'
import { PACKAGES_FOLDER } from './suites.js'

const here = fileURLToPath(new URL('.', import.meta.url))

/** Builds the program that runs scripts. */
export async function buildRunner() {
  return compileProgram(join(here, 'runner.c'), await buildEngine())
}

/** Bundles a test file. Returns the script, or why the file cannot run without Node.js. */
async function bundleSuite(path) {
  const source = join(PACKAGES_FOLDER, path)
  if (/\bimport\.meta\b/.test(readFileSync(source, 'utf8'))) return { reason: 'reads files beside it' }
  try {
    const { outputFiles, metafile } = await build({
      ...BUNDLE_OPTIONS,
      conditions: ['@ldb/source'],
      format: 'esm',
      metafile: true,
      alias: { vitest: join(here, 'vitest.js') },
      logLevel: 'silent',
      // A test file is imported for its effects.
      ignoreAnnotations: true,
      // The tests of a package may import its own name.
      stdin: {
        contents: `import ${JSON.stringify(join(here, 'globals.js'))}
          import ${JSON.stringify(join(here, 'node-globals.js'))}
          import ${JSON.stringify(source)}
          import { runTests } from 'vitest'
          void runTests().catch((error) => print('the tests cannot run: ' + error + error.stack))`,
        resolveDir: PACKAGES_FOLDER,
        loader: 'ts',
      },
    })
    const twin = Object.keys(metafile.inputs).find((name) => name.endsWith('-node.ts'))
    if (twin !== undefined) return { reason: `tests ${twin.replace(/^.*\//, '')}` }
    return { script: outputFiles[0].text }
  } catch (error) {
    const missing = error.errors?.find(({ text }) => text.startsWith('Could not resolve'))?.text
    return { reason: missing?.replace(/^Could not resolve "(.*)"$/, 'imports $1') ?? String(error.message) }
  }
}

/**
 * Runs a test file.
 *
 * @returns `reason` when it needs Node.js; otherwise the number of its tests, the names of those that failed, the processor time and the output.
 */
export async function runSuite(runner, path, timeoutMs) {
  const { script, reason } = await bundleSuite(path)
  if (script === undefined) return { reason }
  const folder = mkdtempSync(join(tmpdir(), 'ldb-suite-'))
  try {
    const file = join(folder, 'suite.mjs')
    writeFileSync(file, script)
    const { output, signal } = await run(runner, file, timeoutMs)
    const result = /^result (.*)$/m.exec(output)?.[1]
    if (result !== undefined) return { ...JSON.parse(result), output }
    return {
      total: 0,
      skipped: [],
      failures: [signal === null ? 'the script ended early' : 'ran too long'],
      ms: 0,
      output,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(program, file, timeoutMs) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [file], { timeout: timeoutMs, killSignal: 'SIGKILL' })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk
      })
    }
    child.on('error', reject)
    child.on('close', (status, signal) => {
      resolve({ output, signal, status })
    })
  })
}
