import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import type { CompactionJob, JobOutcome } from './job.js'
import type { CompactionThread, RunningJob } from './thread.js'
import { BEAT, IS_CANCELLED, IS_ENDED, IS_SERVING, JOB_WORDS, WORK_KIB } from './words-node.js'
import type { JobMessage, OutcomeMessage } from './words-node.js'

/** Time without a step after which a running job counts as lost. A step takes about a millisecond, and may sync a table. */
const SILENCE_MS = 30_000
/** Test tools replace `process.hrtime` by a clock that stands still. */
const hrtime = process.hrtime

/**
 * Returns a thread that compacts files of the operating system. It starts when it is first asked whether it is ready.
 *
 * @category Compaction in another thread
 */
export function createCompactionThread(): CompactionThread {
  return new NodeThread()
}

class NodeThread implements CompactionThread {
  readonly #words: Int32Array = new Int32Array(new SharedArrayBuffer(8))
  readonly #jobs: Map<number, NodeJob> = new Map()
  #worker: Worker | 'unavailable' | 'closed' | undefined = undefined
  #port: MessagePort | undefined = undefined
  #jobCount = 0

  get isReady(): boolean {
    if (this.#worker === undefined) this.#start()
    return Atomics.load(this.#words, IS_SERVING) === 1
  }

  /** Steps of all jobs so far. */
  get beatCount(): number {
    return Atomics.load(this.#words, BEAT)
  }

  begin(job: CompactionJob, ended: () => void): RunningJob {
    const id = ++this.#jobCount
    const running = new NodeJob(this, ended)
    this.#jobs.set(id, running)
    const message: JobMessage<CompactionJob> = { id, job, words: running.words }
    this.#port?.postMessage(message)
    return running
  }

  /** Takes the outcomes that have arrived, without a turn of the event loop. */
  receive(): void {
    if (this.#port === undefined) return
    for (let next; (next = receiveMessageOnPort(this.#port)) !== undefined;)
      this.#take(next.message as OutcomeMessage<JobOutcome>)
  }

  close(): void {
    const worker = this.#worker
    this.#worker = 'closed'
    Atomics.store(this.#words, IS_SERVING, 0)
    this.#port?.close()
    this.#port = undefined
    if (worker instanceof Worker) void worker.terminate()
  }

  #take({ id, outcome }: OutcomeMessage<JobOutcome>): NodeJob | undefined {
    const job = this.#jobs.get(id)
    this.#jobs.delete(id)
    job?.end(outcome)
    return job
  }

  /** Starts the thread. Fails where there are no more threads, or none are permitted, or where a bundle does not contain the program. */
  #start(): void {
    const { port1, port2 } = new MessageChannel()
    try {
      const worker = new Worker(new URL('./entry-node.js', import.meta.url), {
        workerData: { port: port2, threadWords: this.#words },
        transferList: [port2],
        // No stream is connected to this thread's, and no option, loader or hook of the program applies.
        stdout: true,
        stderr: true,
        env: {},
        execArgv: [],
      })
      // Without the thread, its owner compacts by itself.
      worker.on('error', () => undefined)
      worker.on('exit', () => {
        Atomics.store(this.#words, IS_SERVING, 0)
        for (const job of this.#jobs.values()) job.lose()
        this.#jobs.clear()
      })
      worker.unref()
      this.#worker = worker
    } catch {
      port1.close()
      this.#worker = 'unavailable'
      return
    }
    port1.on('message', (message: OutcomeMessage<JobOutcome>) => {
      this.#take(message)?.ended()
    })
    port1.unref()
    this.#port = port1
  }
}

class NodeJob implements RunningJob {
  readonly words: Int32Array = new Int32Array(new SharedArrayBuffer(4 * JOB_WORDS))
  readonly ended: () => void
  readonly #thread: NodeThread
  #outcome: JobOutcome | 'lost' | undefined = undefined
  #beatCount: number
  #beatAtMs: number

  constructor(thread: NodeThread, ended: () => void) {
    this.#thread = thread
    this.ended = ended
    this.#beatCount = thread.beatCount
    this.#beatAtMs = monotonicMs()
  }

  get workBytes(): number {
    return Atomics.load(this.words, WORK_KIB) * 1024
  }

  get isEnded(): boolean {
    return this.#outcome !== undefined || Atomics.load(this.words, IS_ENDED) === 1
  }

  poll(): JobOutcome | 'lost' | undefined {
    if (this.#outcome !== undefined) return this.#outcome
    if (this.isEnded) this.#thread.receive()
    else if (this.#isSilent()) this.lose()
    return this.#outcome
  }

  wait(milliseconds: number): void {
    if (!this.isEnded) Atomics.wait(this.words, WORK_KIB, Atomics.load(this.words, WORK_KIB), milliseconds)
  }

  cancel(): void {
    Atomics.store(this.words, IS_CANCELLED, 1)
  }

  end(outcome: JobOutcome): void {
    this.#outcome ??= outcome
  }

  lose(): void {
    this.cancel()
    this.#outcome ??= 'lost'
  }

  /** A thread that has died is not noticed by one that does not yield to the event loop. */
  #isSilent(): boolean {
    const { beatCount } = this.#thread
    const nowMs = monotonicMs()
    if (beatCount !== this.#beatCount) {
      this.#beatCount = beatCount
      this.#beatAtMs = nowMs
    }
    return nowMs - this.#beatAtMs > SILENCE_MS
  }
}

function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
