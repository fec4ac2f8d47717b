// The counterpart of untransferable.ts for Node.

declare const process: {
  getBuiltinModule?(id: 'node:worker_threads'): {
    readonly markAsUntransferable?: (buffer: ArrayBufferLike) => void
  }
}

/** Marks a buffer, so that no code can transfer it; `undefined` where the runtime has no such mark. */
export const markUntransferable: ((buffer: ArrayBufferLike) => void) | undefined =
  process.getBuiltinModule?.('node:worker_threads').markAsUntransferable
