import { ProtoWriter } from '../protobuf/proto-writer.js'
import { EtcdCallError, RpcStatus } from './rpc-error.js'

/** Bytes in front of each message of gRPC: a flag for compression, and the length. */
const FRAME_HEADER_BYTES = 5

/** Returns a message in its frame. */
export function frameMessage(encode: (writer: ProtoWriter) => void, capacityBytes?: number): Uint8Array {
  const writer = new ProtoWriter(capacityBytes)
  writer.skip(FRAME_HEADER_BYTES)
  encode(writer)
  writer.patchU32(1, writer.length - FRAME_HEADER_BYTES)
  return writer.finish()
}

/** Splits what arrives on a stream into messages. */
export class MessageFrames {
  #chunks: Uint8Array[] = []
  #byteCount = 0

  /** Number of bytes that are no whole message yet. */
  get pendingBytes(): number {
    return this.#byteCount
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#byteCount += chunk.length
  }

  /**
   * Returns the next message, or `undefined` if it is incomplete. It may share memory with the chunks.
   *
   * @throws EtcdCallError if it is compressed, which was not offered.
   */
  next(): Uint8Array | undefined {
    if (this.#byteCount < FRAME_HEADER_BYTES) return undefined
    // A long message arrives in many chunks: they are joined once, when all are here.
    if (this.#chunks.length > 1 && this.#headerBytes() < FRAME_HEADER_BYTES) this.#join()
    const [first = new Uint8Array(0)] = this.#chunks
    if (first[0] !== 0) throw new EtcdCallError(RpcStatus.UNKNOWN, 'etcd sent a compressed message', true)
    const messageBytes = new DataView(first.buffer, first.byteOffset, first.length).getUint32(1)
    const end = FRAME_HEADER_BYTES + messageBytes
    if (this.#byteCount < end) return undefined
    if (first.length < end) this.#join()
    const whole = this.#chunks[0] ?? first
    const message = whole.subarray(FRAME_HEADER_BYTES, end)
    this.#byteCount -= end
    if (whole.length === end) this.#chunks.shift()
    else this.#chunks[0] = whole.subarray(end)
    return message
  }

  #headerBytes(): number {
    return this.#chunks[0]?.length ?? 0
  }

  #join(): void {
    // A new array of this length would be filled with zeros first.
    const joined = Buffer.allocUnsafeSlow(this.#byteCount)
    let offset = 0
    for (const chunk of this.#chunks) {
      joined.set(chunk, offset)
      offset += chunk.length
    }
    this.#chunks = [new Uint8Array(joined.buffer)]
  }
}
