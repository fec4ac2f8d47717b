import type { AsyncApi } from '../calls/async-api.js'
import type { PendingCall } from '../calls/pending-call.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { ChunkSource } from './chunk-source.js'
import type { ValueSource } from './chunk-source.js'
import { ValueUpload } from './value-upload.js'
import type { UploadTarget } from './value-upload.js'

/** Writes a value that is read from a stream; documented where it is exported, as `AsyncKeyspaceWrites.putStream`. */
export async function putStreamed(
  { gate, health }: AsyncApi,
  call: PendingCall,
  target: UploadTarget,
  source: ValueSource,
  signal: AbortSignalLike | undefined,
): Promise<void> {
  const chunks = new ChunkSource(source, health)
  const upload = new ValueUpload(target)
  try {
    for (;;) {
      const bytes = await chunks.next(call, signal)
      target.check()
      if (bytes === undefined) break
      await upload.write(bytes)
      if (gate.isSliceOver) await gate.yieldThread()
      target.check()
    }
    await upload.commit()
  } catch (error) {
    upload.abort(health.writeRefusal !== undefined)
    chunks.end()
    throw error
  }
}
