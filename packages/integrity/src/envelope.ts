import { assert, corruption, LdbError } from '@ldb/base'
import { xxHash64 } from '#xxhash64'
import { CodecId } from './codec.js'
import type { CompressionCodec } from './codec.js'
import { BUILT_IN_CODECS } from './codec-registry.js'
import type { CodecRegistry } from './codec-registry.js'
import {
  ENVELOPE_HEADER_CHECKSUM_OFFSET,
  ENVELOPE_HEADER_CODEC_OFFSET,
  ENVELOPE_HEADER_EPOCH_OFFSET,
  ENVELOPE_HEADER_BYTES,
  ENVELOPE_HEADER_POSITION_OFFSET,
  ENVELOPE_HEADER_RAW_BYTES_OFFSET,
  ENVELOPE_HEADER_RESERVED_OFFSET,
  ENVELOPE_HEADER_STORED_BYTES_OFFSET,
  ENVELOPE_HEADER_TYPE_OFFSET,
} from './format.js'
import type { Seed64 } from './seed64.js'

/**
 * Where an envelope belongs. One that is found anywhere else does not open.
 *
 * @category Envelopes
 */
export interface EnvelopeContext {
  /** Path of the file, for errors; not on disk. */
  readonly file: string
  /** Offset of the envelope in that file. */
  readonly position: number
  /** What the body is, 1 to 255; the owner of the file gives the numbers their meaning. */
  readonly type: number
  /** Seed of the file's checksums; of `seedOfFile`, so that envelopes of other files do not open. */
  readonly seed: Seed64
}

/**
 * What an envelope must keep to when it is opened.
 *
 * @category Envelopes
 */
export interface EnvelopeLimits {
  /** The most bytes that the body may have; checked before memory is taken for it. */
  readonly rawBytesMax: number
  /** The codecs that may be met. Default: the built-in ones. */
  readonly codecs?: CodecRegistry
  /** The epoch that it must have, where the reader knows it. */
  readonly epoch?: number
}

/**
 * What was in an envelope.
 *
 * @category Envelopes
 */
export interface OpenedEnvelope {
  /** Borrowed from the source when it was stored plain; else the caller's own. */
  readonly body: Uint8Array
  /** The epoch, seq or version that it was sealed with. */
  readonly epoch: number
  /** Id of the codec by which the body was stored. */
  readonly codecId: number
  /** Bytes of the whole envelope. */
  readonly envelopeBytes: number
}

const UINT32_MAX = 0xffffffff
const TWO_POW_32 = 2 ** 32
const TYPE_MAX = 255

/**
 * Puts a body into an envelope: compresses it where that makes it smaller, and frames it with a checksum over its
 * place, its lengths and its bytes.
 *
 * @param epoch - epoch, seq or version that the body belongs to; a safe integer.
 * @returns bytes of the caller's own.
 * @throws {@link LdbError} LDB_TOO_LARGE when the body has 4 GiB or more.
 * @category Envelopes
 */
export function sealEnvelope(
  body: Uint8Array,
  place: EnvelopeContext,
  epoch: number,
  codec: CompressionCodec,
): Uint8Array {
  const { position, type, seed } = place
  assert(Number.isSafeInteger(position) && position >= 0, 'position must be a safe integer')
  assert(Number.isSafeInteger(epoch) && epoch >= 0, 'epoch must be a safe integer')
  assert(Number.isInteger(type) && type >= 1 && type <= TYPE_MAX, 'type must be 1 to 255')
  if (body.length > UINT32_MAX) {
    throw new LdbError('LDB_TOO_LARGE', `a body of ${body.length} bytes does not fit an envelope`)
  }
  const compressed = codec.compress(body)
  const smaller = compressed !== undefined && compressed.length < body.length
  const stored = smaller ? compressed : body
  const target = new Uint8Array(ENVELOPE_HEADER_BYTES + stored.length)
  const view = new DataView(target.buffer)
  setUint64(view, ENVELOPE_HEADER_POSITION_OFFSET, position)
  setUint64(view, ENVELOPE_HEADER_EPOCH_OFFSET, epoch)
  view.setUint32(ENVELOPE_HEADER_RAW_BYTES_OFFSET, body.length, true)
  view.setUint32(ENVELOPE_HEADER_STORED_BYTES_OFFSET, stored.length, true)
  target[ENVELOPE_HEADER_TYPE_OFFSET] = type
  target[ENVELOPE_HEADER_CODEC_OFFSET] = smaller ? codec.id : CodecId.None
  target.set(stored, ENVELOPE_HEADER_BYTES)
  const checksum = checksumOf(target, target.length, seed)
  view.setInt32(ENVELOPE_HEADER_CHECKSUM_OFFSET, checksum[0] as number, true)
  view.setInt32(ENVELOPE_HEADER_CHECKSUM_OFFSET + 4, checksum[1] as number, true)
  return target
}

/**
 * Tells from its header how many bytes a whole envelope has, so that a reader knows how many to read.
 *
 * @remarks The header has not been checked against its checksum then; the lengths in it have, against the limits.
 * @param header - the envelope from its first byte on.
 * @throws {@link LdbError} LDB_CORRUPTION when the header is cut short or its lengths break the limits.
 * @category Envelopes
 */
export function envelopeBytesOf(header: Uint8Array, place: EnvelopeContext, limits: EnvelopeLimits): number {
  const { file, position } = place
  if (header.length < ENVELOPE_HEADER_BYTES) {
    throw corruption(file, position, 'the envelope ends within its header', {
      expected: ENVELOPE_HEADER_BYTES,
      actual: header.length,
    })
  }
  const view = new DataView(header.buffer, header.byteOffset, ENVELOPE_HEADER_BYTES)
  const rawBytes = view.getUint32(ENVELOPE_HEADER_RAW_BYTES_OFFSET, true)
  const storedBytes = view.getUint32(ENVELOPE_HEADER_STORED_BYTES_OFFSET, true)
  if (rawBytes > limits.rawBytesMax) {
    throw corruption(file, position, 'the body of the envelope would be larger than its limit', {
      expected: limits.rawBytesMax,
      actual: rawBytes,
    })
  }
  if (storedBytes > rawBytes) {
    throw corruption(file, position, 'the envelope stores more bytes than its body has', {
      expected: rawBytes,
      actual: storedBytes,
    })
  }
  return ENVELOPE_HEADER_BYTES + storedBytes
}

/**
 * Takes the body out of an envelope, having checked everything that can be: lengths before memory is taken, then
 * the checksum, the place, and that it decompresses to just as many bytes as it says.
 *
 * @param source - bytes from the first of the envelope on; more may follow it.
 * @throws {@link LdbError} LDB_CORRUPTION, with file and offset, when anything is not as it was sealed;
 * LDB_UNSUPPORTED when it is, but its codec is unknown here.
 * @category Envelopes
 */
export function openEnvelope(
  source: Uint8Array,
  place: EnvelopeContext,
  limits: EnvelopeLimits,
): OpenedEnvelope {
  const { file, position, seed } = place
  const envelopeBytes = envelopeBytesOf(source, place, limits)
  if (envelopeBytes > source.length) {
    throw corruption(file, position, 'the envelope ends within its body', {
      expected: envelopeBytes,
      actual: source.length,
    })
  }
  const view = new DataView(source.buffer, source.byteOffset, ENVELOPE_HEADER_BYTES)
  const checksum = checksumOf(source, envelopeBytes, seed)
  if (
    view.getInt32(ENVELOPE_HEADER_CHECKSUM_OFFSET, true) !== checksum[0] ||
    view.getInt32(ENVELOPE_HEADER_CHECKSUM_OFFSET + 4, true) !== checksum[1]
  ) {
    throw corruption(file, position, 'the envelope does not match its checksum')
  }
  const epoch = getUint64(view, ENVELOPE_HEADER_EPOCH_OFFSET)
  checkPlace(view, epoch, place, limits)
  const stored = source.subarray(ENVELOPE_HEADER_BYTES, envelopeBytes)
  const rawBytes = view.getUint32(ENVELOPE_HEADER_RAW_BYTES_OFFSET, true)
  const codecId = view.getUint8(ENVELOPE_HEADER_CODEC_OFFSET)
  return { body: bodyOf(stored, rawBytes, codecId, place, limits), epoch, codecId, envelopeBytes }
}

/** What the checksum proves to be as written may still not be what belongs here: a misdirected or stale write. */
function checkPlace(view: DataView, epoch: number, place: EnvelopeContext, limits: EnvelopeLimits): void {
  const { file } = place
  const facts: readonly (readonly [string, number, number | undefined])[] = [
    ['position', getUint64(view, ENVELOPE_HEADER_POSITION_OFFSET), place.position],
    ['type', view.getUint8(ENVELOPE_HEADER_TYPE_OFFSET), place.type],
    ['epoch', epoch, limits.epoch],
    ['reserved field', view.getUint16(ENVELOPE_HEADER_RESERVED_OFFSET, true), 0],
  ]
  for (const [name, actual, expected] of facts) {
    if (expected !== undefined && actual !== expected) {
      throw corruption(file, place.position, `the envelope has another ${name}`, { expected, actual })
    }
  }
  if (!Number.isSafeInteger(epoch)) {
    throw corruption(file, place.position, 'the epoch of the envelope is no safe integer', { actual: epoch })
  }
}

function bodyOf(
  stored: Uint8Array,
  rawBytes: number,
  codecId: number,
  place: EnvelopeContext,
  limits: EnvelopeLimits,
): Uint8Array {
  const { file, position } = place
  const codec = (limits.codecs ?? BUILT_IN_CODECS).byId(codecId)
  if (codec === undefined) {
    throw new LdbError('LDB_UNSUPPORTED', `codec ${codecId} is unknown here (${file}, offset ${position})`, {
      details: { file, offset: position, actual: codecId },
    })
  }
  let body: Uint8Array
  try {
    body = codec.decompress(stored, rawBytes)
  } catch (cause) {
    throw corruption(file, position, `the body of the envelope does not decompress by ${codec.name}`, {
      cause,
    })
  }
  if (body.length !== rawBytes) {
    throw corruption(
      file,
      position,
      `the body of the envelope decompresses to another length by ${codec.name}`,
      {
        expected: rawBytes,
        actual: body.length,
      },
    )
  }
  return body
}

/** The checksum stands first, so that everything behind it, header and body, is hashed in one go. */
function checksumOf(envelope: Uint8Array, end: number, seed: Seed64): Int32Array {
  const checksum = new Int32Array(2)
  xxHash64(envelope, ENVELOPE_HEADER_POSITION_OFFSET, end, seed, checksum)
  return checksum
}

function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value % TWO_POW_32, true)
  view.setUint32(offset + 4, Math.floor(value / TWO_POW_32), true)
}

/** Returns a number that is not safe for a field above 2^53 − 1; whoever calls compares or checks it. */
function getUint64(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * TWO_POW_32 + view.getUint32(offset, true)
}
