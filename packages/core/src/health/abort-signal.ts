// Signals are part of the shared vocabulary: every asynchronous API has them.
export {
  abortedError,
  addAbortListener,
  checkSignal,
  removeAbortListener,
  signalOf,
  splitSignal,
  throwIfAborted,
  untilAborted,
} from '@ldb/base'
export type { AbortSignalLike, AsyncOptions } from '@ldb/base'
