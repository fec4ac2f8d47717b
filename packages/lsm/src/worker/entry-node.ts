// The program of a compaction thread.
import { parentPort, workerData } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { NodeVfs } from '@ldb/vfs'
import type { CompactionJob, JobOutcome } from './job.js'
import { runCompactionJob } from './run-job.js'
import { BEAT, IS_CANCELLED, IS_ENDED, IS_SERVING, WORK_KIB } from './words-node.js'
import type { JobMessage, OutcomeMessage } from './words-node.js'

const { port, threadWords } = workerData as { port: MessagePort; threadWords: Int32Array }
const vfs = new NodeVfs()

port.on('message', ({ id, job, words }: JobMessage<CompactionJob>) => {
  let byteCount = 0
  const outcome = runCompactionJob(job, vfs, (stepBytes) => {
    byteCount += stepBytes
    Atomics.add(threadWords, BEAT, 1)
    Atomics.store(words, WORK_KIB, Math.floor(byteCount / 1024))
    Atomics.notify(words, WORK_KIB)
    return Atomics.load(words, IS_CANCELLED) === 0
  })
  const message: OutcomeMessage<JobOutcome> = { id, outcome }
  port.postMessage(message)
  // The outcome is in the port before its owner sees the end.
  Atomics.store(words, IS_ENDED, 1)
  Atomics.add(words, WORK_KIB, 1)
  Atomics.notify(words, WORK_KIB)
})
// The thread lives as long as its owner does not end it.
parentPort?.on('message', () => undefined)
Atomics.store(threadWords, IS_SERVING, 1)
