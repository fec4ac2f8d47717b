// Runs the suites of the engines in QuickJS: all of them, or those whose path contains an argument. Prints what cannot run there, and why.
import { argv } from 'node:process'
import { whyNotBuildable } from '../../native/build.js'
import { buildRunner, runSuite } from './run-suite.js'
import { allSuites } from './suites.js'
import { KNOWN_FAILURES } from './known-failures.js'

const TIMEOUT_MS = Number(process.env['LDB_SUITE_TIMEOUT_MS'] ?? 300_000)

const reason = whyNotBuildable()
if (reason !== undefined) throw new Error(`the suites cannot run: ${reason}`)
const runner = await buildRunner()
const wanted = argv.slice(2)
const queue = allSuites().filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
const excluded = []
const skipped = []
let passed = 0
let known = 0
let failed = 0
let ms = 0

async function work() {
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const result = await runSuite(runner, path, TIMEOUT_MS)
    if (result.reason !== undefined) {
      excluded.push(`${path}: ${result.reason}`)
      continue
    }
    const expected = new Map(Object.entries(KNOWN_FAILURES[path] ?? {}))
    const unexpected = result.failures.filter((name) => !expected.has(name) && !expected.has('*'))
    const passedHere = result.total - result.failures.length - (result.skipped?.length ?? 0)
    passed += passedHere
    skipped.push(...(result.skipped ?? []).map((name) => `${path}: ${name}`))
    known += result.failures.length - unexpected.length
    failed += unexpected.length
    ms += result.ms
    console.log(`${path}: ${passedHere} of ${result.total}, ${result.ms} ms`)
    if (unexpected.length > 0) console.log(result.output)
  }
}

await Promise.all([work(), work()])
console.log(`not without Node.js:\n  ${excluded.toSorted((a, b) => (a < b ? -1 : 1)).join('\n  ')}`)
console.log(`tests that use Node.js:\n  ${skipped.toSorted((a, b) => (a < b ? -1 : 1)).join('\n  ')}`)
console.log(
  `${passed} passed, ${skipped.length} skipped, ${known} known failures, ${failed} failed, ${excluded.length} files excluded, ${Math.round(ms / 1000)} s`,
)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
