import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { LdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import type { DirectoryVerifyReport, Encryption, RepairReport } from '@ldb/core'

/** Results of the calls that a thread makes. */
interface Reports {
  readonly verify: DirectoryVerifyReport
  readonly repair: RepairReport
}

/** How far a call has come. */
interface ThreadProgress {
  readonly byteCount: number
  readonly entryCount: number
}

/** A message of the thread: one of these. */
interface ThreadMessage<Report> {
  readonly progress?: ThreadProgress
  readonly report?: Report
  readonly failure?: { readonly code: LdbErrorCode; readonly message: string; readonly details: object }
}

/**
 * Makes a call of `AsyncDatabase` that blocks its thread in a thread of its own.
 *
 * @param signal - ends the call with `LDB_ABORTED`, behind the removal of what it has written.
 */
export async function inThread<Call extends keyof Reports>(
  call: Call,
  path: string,
  options: { readonly target?: string; readonly encryption?: Encryption },
  signal: AbortSignal,
  onProgress: (progress: ThreadProgress) => void,
): Promise<Reports[Call]> {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const abort = (): void => {
    Atomics.store(flag, 0, 1)
  }
  const thread = new Worker(new URL('../bin/maintenance-thread.js', import.meta.url), {
    workerData: { call, path, options, flag },
  })
  let end: ThreadMessage<Reports[Call]> = {}
  thread.on('message', (message: ThreadMessage<Reports[Call]>) => {
    if (message.progress === undefined) end = message
    else onProgress(message.progress)
  })
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  try {
    await once(thread, 'exit')
  } finally {
    signal.removeEventListener('abort', abort)
  }
  const { report, failure } = end
  if (report !== undefined) return report
  throw failure === undefined
    ? new Error('the thread has ended without a result')
    : new LdbError(failure.code, failure.message, { details: failure.details })
}
