// Ends a test process whose thread does not return to the event loop, and prints where it is: a timeout of vitest is a timer of that
// thread, which an endless loop never lets run.
import { Worker } from 'node:worker_threads'

/** Several times the longest time for which a test holds the thread. */
const LIMIT_MS = 480_000
const POLL_MS = 5_000

const WATCH_SOURCE = `'use strict'
const { writeSync } = require('node:fs')
const { Session } = require('node:inspector')
const { parentPort, workerData } = require('node:worker_threads')
const { beats, limitMs, pollMs } = workerData
let { file } = workerData
let seen = -1
let seenAt = performance.now()

const urls = new Map()
parentPort.on('message', (next) => { file = next })

function report(frames) {
  const lines = frames.map(({ functionName, location }) =>
    '    at ' + (functionName || '<anonymous>') + ' (' + urls.get(location.scriptId) + ':' + (location.lineNumber + 1) + ')')
  const seconds = Math.round((performance.now() - seenAt) / 1000)
  writeSync(2, 'the thread of ' + file + ' has not returned to the event loop for ' + seconds + ' s:\\n' + lines.join('\\n') + '\\n')
  process.kill(process.pid, 'SIGKILL')
}

function endProcess() {
  clearInterval(timer)
  // Without an answer of the inspector, the thread is in native code.
  setTimeout(report, 10_000, [])
  const session = new Session()
  session.connectToMainThread()
  session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url))
  session.on('Debugger.paused', ({ params }) => report(params.callFrames))
  session.post('Debugger.enable', () => session.post('Debugger.pause'))
}

const timer = setInterval(() => {
  const count = Atomics.load(beats, 0)
  if (count !== seen) {
    seen = count
    seenAt = performance.now()
  } else if (performance.now() - seenAt > limitMs) endProcess()
}, pollMs)
`

/** Where the thread keeps its watch: modules may be evaluated again. */
const WATCH = Symbol.for('ldb.hang-watch')

/**
 * Watches this thread from another one until the process ends. Called again, it only changes the file.
 *
 * @param {string} file - the test file, for the message
 */
export function watchForHangs(file, limitMs = LIMIT_MS, pollMs = POLL_MS) {
  const known = /** @type {{ [WATCH]?: Worker }} */ (globalThis)
  let watch = known[WATCH]
  if (watch !== undefined) {
    watch.postMessage(file)
    return
  }
  const beats = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => Atomics.add(beats, 0, 1), pollMs / 2).unref()
  watch = new Worker(WATCH_SOURCE, {
    eval: true,
    workerData: { beats, limitMs, pollMs, file },
    execArgv: [],
  })
  watch.unref()
  known[WATCH] = watch
}
