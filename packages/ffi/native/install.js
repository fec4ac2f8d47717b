// Builds the library with CMake and installs it, with its header and the files for find_package and pkg-config.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepareInputs } from './build.js'
import { QUICKJS_VERSION, SETUP } from './quickjs.js'

const native = fileURLToPath(new URL('.', import.meta.url))

/** Returns why CMake cannot be used here; `undefined` when it can. */
export function whyNoCmake() {
  for (const tool of ['cmake', 'make']) {
    if (spawnSync(tool, ['--version']).error !== undefined) return `${tool} is not installed`
  }
  return undefined
}

/**
 * Installs the library below a prefix.
 *
 * @param settings - more settings of CMake, for instance of a cross-compiler. With `compileEngine`, QuickJS is compiled for the target as well.
 * @throws {Error} with the output of CMake.
 */
export async function install(prefix, { settings = {}, compileEngine = false } = {}) {
  const { sources, objects, bytecode } = await prepareInputs()
  mkdirSync(SETUP, { recursive: true })
  const work = mkdtempSync(join(SETUP, 'cmake-'))
  const all = {
    CMAKE_INSTALL_PREFIX: prefix,
    CMAKE_INSTALL_LIBDIR: 'lib',
    LDB_QUICKJS_SOURCES: sources,
    LDB_QUICKJS_VERSION: QUICKJS_VERSION,
    LDB_BYTECODE: bytecode,
    ...(compileEngine ? {} : { LDB_QUICKJS_OBJECTS: objects }),
    ...settings,
  }
  try {
    runCmake(['-S', native, '-B', work, ...Object.entries(all).map(([name, value]) => `-D${name}=${value}`)])
    runCmake(['--build', work, '--parallel', '2'])
    runCmake(['--install', work])
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Runs CMake. @throws {Error} with its output when it fails. */
export function runCmake(options) {
  const { status, stdout, stderr } = spawnSync('cmake', options, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`cmake ${options.join(' ')}\n${stdout}\n${stderr}`)
}
