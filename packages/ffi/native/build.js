// Builds libldb.so and libldb.a with gcc alone, for tests and for machines without CMake (decision 0092).
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.js'
import { fetchQuickjs, QUICKJS_VERSION, SETUP } from './quickjs.js'

const native = fileURLToPath(new URL('.', import.meta.url))
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const STRICT = ['-std=c11', '-Wall', '-Wextra', '-Werror', '-Wshadow', '-Wvla', '-Wstrict-prototypes']
/** POSIX, flock, statfs and getrandom. */
const FEATURES = ['-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64']
/**
 * Flags of the library, and of the engine. QuickJS relies on wrapping integers, and converts pointers and doubles in ways that the sanitizer of
 * undefined behavior reports.
 */
const SANITIZERS = {
  address: {
    library: ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined'],
    engine: ['-fsanitize=address'],
  },
  thread: { library: ['-fsanitize=thread'], engine: ['-fsanitize=thread'] },
}
const ENGINE_FILES = ['quickjs', 'cutils', 'libregexp', 'libunicode', 'dtoa']

/** Returns why the library cannot be built here; `undefined` when it can. */
export function whyNotBuildable() {
  if (process.platform !== 'linux') return `the C library is built on Linux only, this is ${process.platform}`
  for (const tool of ['gcc', 'ar', 'tar']) {
    if (spawnSync(tool, ['--version']).error !== undefined) return `${tool} is not installed`
  }
  try {
    fetchQuickjs()
    return undefined
  } catch (error) {
    return error.message
  }
}

/**
 * Compiles the engine, once for each kind of build. Returns the folder of its objects.
 *
 * @param options.sanitize - `'address'`, `'thread'`, or absent.
 * @param options.targetFlags - flags of gcc for another target.
 */
export async function buildEngine({ sanitize, targetFlags = [] } = {}) {
  const sources = fetchQuickjs()
  const flags = [
    ...flagsOf(sanitize, 'engine', ['-O2']),
    ...targetFlags,
    '-fPIC',
    '-fvisibility=hidden',
    '-fwrapv',
    '-w',
    '-D_GNU_SOURCE',
    `-DCONFIG_VERSION="${QUICKJS_VERSION}"`,
  ]
  const folder = join(SETUP, `objects-${digest(flags.join(' '))}`)
  mkdirSync(folder, { recursive: true })
  await inParallel(ENGINE_FILES, async (name) => {
    const object = join(folder, `${name}.o`)
    if (existsSync(object)) return
    const partial = `${object}.${process.pid}`
    await run('gcc', [...flags, '-c', join(sources, `${name}.c`), '-o', partial])
    renameSync(partial, object)
  })
  return folder
}

/**
 * Builds the library, into a folder that is named by its content: nothing is built twice.
 *
 * @returns the folder, with libldb.so and libldb.a.
 */
export async function build({ sanitize } = {}) {
  const engine = await buildEngine({ sanitize })
  const script = (await bundle({ form: 'module' })).text
  const files = readdirSync(join(native, 'src'))
    .filter((name) => name.endsWith('.c') && name !== 'compiler.c')
    .map((name) => name.slice(0, -2))
  const folder = join(SETUP, `library-${digest(script + sourceText() + engine + version)}`)
  if (existsSync(join(folder, 'done'))) return folder
  const work = join(folder, `work-${process.pid}`)
  mkdirSync(work, { recursive: true })
  const bytecode = await compileScript(script, work)
  const flags = [
    ...STRICT,
    ...FEATURES,
    ...flagsOf(sanitize, 'library', ['-O2', '-DNDEBUG']),
    '-fPIC',
    '-fvisibility=hidden',
    `-DLDB_VERSION="${version}"`,
    `-DLDB_QUICKJS_VERSION=${QUICKJS_VERSION}`,
    `-I${join(native, 'include')}`,
    // A system header: warnings of the engine's inline functions are not this library's.
    '-isystem',
    fetchQuickjs(),
  ]
  await inParallel(files, (name) =>
    run('gcc', [...flags, '-c', join(native, 'src', `${name}.c`), '-o', join(work, `${name}.o`)]),
  )
  await run('gcc', [
    '-c',
    `-DLDB_BYTECODE="${bytecode}"`,
    join(native, 'src', 'bytecode.S'),
    '-o',
    join(work, 'bytecode.o'),
  ])
  const objects = [...files, 'bytecode'].map((name) => join(work, `${name}.o`))
  const engineObjects = ENGINE_FILES.map((name) => join(engine, `${name}.o`))
  await run('gcc', [
    ...flagsOf(sanitize, 'library', []),
    '-shared',
    '-Wl,-soname,libldb.so.1',
    `-Wl,--version-script=${join(native, 'ldb.map')}`,
    ...(sanitize === undefined ? ['-Wl,--no-undefined'] : []),
    '-o',
    join(work, 'libldb.so.1'),
    ...objects,
    ...engineObjects,
    '-lm',
    '-lpthread',
  ])
  await run('ar', ['rcs', join(work, 'libldb.a'), ...objects, ...engineObjects])
  for (const name of ['libldb.so.1', 'libldb.a']) renameSync(join(work, name), join(folder, name))
  rmSync(join(folder, 'libldb.so'), { force: true })
  symlinkSync('libldb.so.1', join(folder, 'libldb.so'))
  rmSync(work, { recursive: true })
  writeFileSync(join(folder, 'done'), '')
  return folder
}

/** Compiles a C program against the library. @returns its path. */
export async function buildProgram(source, { sanitize } = {}) {
  const library = await build({ sanitize })
  const program = join(
    library,
    digest(readFileSync(source, 'utf8') + readFileSync(join(dirname(source), 'check.h'), 'utf8')),
  )
  if (existsSync(program)) return program
  const partial = `${program}.${process.pid}`
  await run('gcc', [
    ...STRICT,
    ...FEATURES,
    ...flagsOf(sanitize, 'library', ['-O2']),
    `-I${join(native, 'include')}`,
    source,
    '-o',
    partial,
    join(library, 'libldb.so'),
    `-Wl,-rpath,${library}`,
    '-lpthread',
  ])
  renameSync(partial, program)
  return program
}

/** Prepares what `CMakeLists.txt` needs: the sources and the objects of the engine, and the bytecode, in files that stay. */
export async function prepareInputs() {
  const objects = await buildEngine()
  const script = (await bundle({ form: 'module' })).text
  const folder = join(SETUP, `bytecode-${digest(script + objects)}`)
  const bytecode = join(folder, 'ldb.bytecode')
  if (!existsSync(bytecode)) {
    const work = join(folder, `work-${process.pid}`)
    mkdirSync(work, { recursive: true })
    renameSync(await compileScript(script, work), bytecode)
    rmSync(work, { recursive: true })
  }
  return { sources: fetchQuickjs(), objects, bytecode }
}

/** Compiles the script to bytecode with the engine of the release build. @returns the path of the bytecode. */
async function compileScript(script, work) {
  const compiler = await compileProgram(join(native, 'src', 'compiler.c'), await buildEngine())
  writeFileSync(join(work, 'ldb.js'), script)
  await run(compiler, [join(work, 'ldb.js'), join(work, 'ldb.bytecode')])
  return join(work, 'ldb.bytecode')
}

/** Compiles a program that uses the engine itself. @returns its path. */
export async function compileProgram(source, engine) {
  const program = join(engine, digest(readFileSync(source, 'utf8')))
  if (existsSync(program)) return program
  const partial = `${program}.${process.pid}`
  const objects = ENGINE_FILES.map((name) => join(engine, `${name}.o`))
  const flags = [...STRICT, ...FEATURES, '-O1', '-isystem', fetchQuickjs()]
  await run('gcc', [...flags, source, ...objects, '-o', partial, '-lm', '-lpthread'])
  renameSync(partial, program)
  return program
}

/** Returns the flags of a sanitizer for the library or for the engine; those of a release without one. */
function flagsOf(sanitize, part, release) {
  return sanitize === undefined
    ? release
    : ['-O1', '-fno-omit-frame-pointer', '-g', ...SANITIZERS[sanitize][part]]
}

function sourceText() {
  const folders = ['src', 'include'].map((name) => join(native, name))
  const paths = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
  return [...paths, join(native, 'build.js'), join(native, 'ldb.map')]
    .map((path) => readFileSync(path, 'utf8'))
    .join('\0')
}

function digest(text) {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

async function inParallel(items, work) {
  const queue = [...items]
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all([worker(), worker()])
}

function run(command, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { stdio: ['ignore', 'inherit', 'pipe'] })
    let text = ''
    child.stderr.on('data', (chunk) => {
      text += chunk
    })
    child.on('error', reject)
    child.on('close', (status) => {
      if (status === 0) resolve()
      else reject(new Error(`${command} ${options.join(' ')}\n${text}`))
    })
  })
}
