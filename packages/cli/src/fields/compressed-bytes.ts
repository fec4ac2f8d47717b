import { CodecTable } from '@ldb/integrity'
import type { DumpLine } from './dump-line.js'

const CODECS = ['none', 'deflate', 'lz4', 'zstd']

/** Returns the name of a codec by its id. */
export function codecName(codec: number): string {
  return CODECS[codec] ?? `codec ${codec}`
}

/**
 * Yields stored bytes as a field, and returns what they are decompressed; `undefined` when they are damaged, or this build lacks the codec.
 */
export function* dumpCompressed(
  offset: number,
  stored: Uint8Array,
  codec: number,
  rawBytes: number,
): Generator<DumpLine, Uint8Array | undefined, void> {
  const name = codecName(codec)
  yield { offset, bytes: stored, field: 'compressed', value: `${stored.length} bytes, ${name}` }
  const found = new CodecTable().find(codec)
  if (found === undefined) {
    yield { note: `This build cannot decompress ${name}.` }
    return undefined
  }
  try {
    const raw = found.decompress(stored, rawBytes)
    yield { note: `Decompressed to ${raw.length} bytes. Offsets are those in them from here on.` }
    return raw
  } catch (error) {
    yield { note: `DAMAGED: ${error instanceof Error ? error.message : String(error)}` }
    return undefined
  }
}
