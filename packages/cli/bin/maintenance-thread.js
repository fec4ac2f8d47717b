// Verifies or repairs a database in a thread, so that signals and the progress bar of the main thread have their turn.
import { parentPort, workerData } from 'node:worker_threads'
import { isLdbError } from '@ldb/base'
import { AsyncDatabase } from '@ldb/core'

/** Time between two reports of progress, in ms. */
const REPORT_MS = 50

const { call, path, options, flag } = workerData
let reportedMs = -Infinity

const signal = {
  get aborted() {
    return Atomics.load(flag, 0) !== 0
  },
}

function onProgress({ byteCount, entryCount }) {
  const nowMs = performance.now()
  if (nowMs - reportedMs < REPORT_MS) return
  reportedMs = nowMs
  parentPort.postMessage({ progress: { byteCount, entryCount } })
}

try {
  const report = await AsyncDatabase[call](path, { ...options, signal, onProgress })
  parentPort.postMessage({ report })
} catch (error) {
  if (!isLdbError(error)) throw error
  const { code, message, details } = error
  parentPort.postMessage({ failure: { code, message, details } })
}
