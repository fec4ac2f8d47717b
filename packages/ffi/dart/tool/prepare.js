// Copies the sources of the C library, of its engine and the bytecode into src, where the builds of Flutter expect them.
import { cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { prepareInputs } from '../../native/build.js'

const ffi = fileURLToPath(new URL('../..', import.meta.url))
const target = fileURLToPath(new URL('../src', import.meta.url))

const { sources, bytecode } = await prepareInputs()
for (const name of ['ldb', 'quickjs']) rmSync(`${target}/${name}`, { recursive: true, force: true })
cpSync(`${ffi}/package.json`, `${target}/ldb/package.json`)
for (const name of ['CMakeLists.txt', 'ldb.map', 'src', 'include', 'cmake']) {
  cpSync(`${ffi}/native/${name}`, `${target}/ldb/native/${name}`, { recursive: true })
}
for (const name of ['quickjs', 'cutils', 'libregexp', 'libunicode', 'dtoa']) {
  cpSync(`${sources}/${name}.c`, `${target}/quickjs/${name}.c`)
}
const isHeader = (path) => path === sources || path.endsWith('.h')
cpSync(sources, `${target}/quickjs`, { recursive: true, filter: isHeader })
for (const name of ['LICENSE', 'VERSION']) cpSync(`${sources}/${name}`, `${target}/quickjs/${name}`)
cpSync(bytecode, `${target}/ldb.bytecode`)
