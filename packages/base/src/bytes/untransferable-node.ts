// The counterpart of untransferable.ts for Node.

declare const process: {
  readonly versions: { readonly bun?: string; readonly deno?: string }
  getBuiltinModule?(id: 'node:worker_threads'): {
    readonly markAsUntransferable?: (buffer: ArrayBufferLike) => void
  }
}

/** Marks a buffer, so that no code can transfer it; `undefined` where the runtime has no such mark. */
export const markUntransferable: ((buffer: ArrayBufferLike) => void) | undefined =
  process.getBuiltinModule?.('node:worker_threads').markAsUntransferable

/**
 * True where a marked buffer is known to outlast `structuredClone`: in Node. The first call of that function loads what cloning needs and takes
 * milliseconds, so that it is not attempted there.
 */
export const CLONES_MARKED: boolean =
  process.versions.bun === undefined && process.versions.deno === undefined
