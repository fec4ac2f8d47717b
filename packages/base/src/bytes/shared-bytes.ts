import { CLONES_MARKED, markUntransferable } from '#untransferable'
import { zeroedBuffer } from '#zeroed-buffer'

/** Functions that detach a buffer, each of which is absent on some platform. */
interface TransferGlobals {
  readonly structuredClone?: (value: unknown, options: { readonly transfer: readonly unknown[] }) => unknown
  readonly MessageChannel?: unknown
  readonly postMessage?: unknown
}

/** Globals of Node are getters that load what they need. */
const globals = globalThis as unknown as TransferGlobals

/**
 * True when no code can detach a buffer of {@link sharedBytes}.
 *
 * @remarks A view of memory gives user code its buffer, and a transferred buffer becomes empty for all of its views. Where this is
 * false, user code gets no views of memory that anything else uses, only copies with buffers of their own.
 * @category Bytes
 */
export const PREVENTS_TRANSFER: boolean = preventsTransfer()

/**
 * Returns `byteCount` zeros for memory of which user code may get views, in a buffer that no code can transfer where
 * {@link PREVENTS_TRANSFER} is true.
 *
 * @category Bytes
 */
export function sharedBytes(byteCount: number): Uint8Array<ArrayBuffer> {
  const buffer = zeroedBuffer(byteCount)
  if (PREVENTS_TRANSFER) markUntransferable?.(buffer)
  return new Uint8Array(buffer)
}

/** Reports whether the buffer of a byte array was transferred. @internal */
export function isDetached(bytes: Uint8Array): boolean {
  if (bytes.length > 0) return false
  try {
    new Uint8Array(bytes.buffer)
    return false
  } catch {
    return true
  }
}

/** Attempts to transfer a marked buffer in every way that the platform has and that is not known to be refused. */
function preventsTransfer(): boolean {
  const { transfer } = ArrayBuffer.prototype as unknown as {
    readonly transfer?: (this: ArrayBuffer) => ArrayBuffer
  }
  if (markUntransferable === undefined) {
    const means: readonly unknown[] = [
      globals.structuredClone,
      globals.MessageChannel,
      globals.postMessage,
      transfer,
    ]
    return means.every((each) => each === undefined)
  }
  const bytes = new Uint8Array(new ArrayBuffer(1))
  const { buffer } = bytes
  const attempts = [
    (): unknown => markUntransferable?.(buffer),
    (): unknown => (CLONES_MARKED ? undefined : globals.structuredClone?.(buffer, { transfer: [buffer] })),
    (): unknown => transfer?.call(buffer),
  ]
  for (const attempt of attempts) {
    try {
      attempt()
    } catch {
      // The platform refuses the transfer.
    }
  }
  return bytes.length === 1
}
