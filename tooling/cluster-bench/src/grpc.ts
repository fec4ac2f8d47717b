import { connect } from 'node:http2'
import type { ClientHttp2Session } from 'node:http2'

const WINDOW_BYTES = 4 * 1024 * 1024
const FRAME_HEADER_BYTES = 5
/** Bytes of the length of a nested message: longer than necessary, so that it can be written behind the message. */
const LENGTH_BYTES = 3

/** A message of gRPC as it is written: one buffer, with the header of its frame. */
export class OutgoingMessage {
  readonly #buffer: Buffer = Buffer.allocUnsafe(512 * 1024)
  #end = FRAME_HEADER_BYTES

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2)
    this.#varint(value.length)
    this.#buffer.set(value, this.#end)
    this.#end += value.length
    return this
  }

  integer(field: number, value: number): this {
    this.#varint(field * 8)
    this.#varint(value)
    return this
  }

  /** Writes a nested message. */
  message(field: number, write: () => void): this {
    this.#varint(field * 8 + 2)
    const start = this.#end
    this.#end += LENGTH_BYTES
    write()
    const length = this.#end - start - LENGTH_BYTES
    this.#buffer[start] = (length & 0x7f) | 0x80
    this.#buffer[start + 1] = ((length >> 7) & 0x7f) | 0x80
    this.#buffer[start + 2] = length >> 14
    return this
  }

  /** Returns a copy, and is empty again. */
  take(): Buffer {
    this.#buffer[0] = 0
    this.#buffer.writeUInt32BE(this.#end - FRAME_HEADER_BYTES, 1)
    const frame = Buffer.from(this.#buffer.subarray(0, this.#end))
    this.#end = FRAME_HEADER_BYTES
    return frame
  }

  #varint(value: number): void {
    let rest = value
    while (rest > 0x7f) {
      this.#buffer[this.#end++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[this.#end++] = rest
  }
}

/** Calls `visit` with each field of a message: its number, and the bounds of its bytes or its value. */
export function visitFields(
  buffer: Buffer,
  start: number,
  end: number,
  visit: (field: number, from: number, to: number) => void,
): void {
  let position = start
  const varint = (): number => {
    let value = 0
    for (let factor = 1; ; factor *= 0x80) {
      const byte = buffer[position++] ?? 0
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  while (position < end) {
    const tag = varint()
    const value = varint()
    if (tag % 8 === 0) visit(Math.floor(tag / 8), value, value)
    else {
      visit(Math.floor(tag / 8), position, position + value)
      position += value
    }
  }
}

/** One connection of HTTP/2, as a program would use it that has no client of etcd. */
export class Grpc {
  readonly #session: ClientHttp2Session

  constructor(origin: string) {
    this.#session = connect(origin, { settings: { enablePush: false, initialWindowSize: WINDOW_BYTES } })
    this.#session.on('connect', () => {
      this.#session.setLocalWindowSize(WINDOW_BYTES)
    })
  }

  /** Makes a call. Returns the response behind the header of its frame. */
  call(path: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request(headersOf(path))
      const chunks: Buffer[] = []
      let status: unknown
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
      })
      stream.on('trailers', (headers) => {
        status = headers['grpc-status']
      })
      stream.on('error', reject)
      stream.on('end', () => {
        const [first] = chunks
        const all = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
        if (status === '0') resolve(all.subarray(FRAME_HEADER_BYTES))
        else reject(new Error(`etcd has answered ${String(status)} to ${path}`))
      })
      stream.end(request)
    })
  }

  /** Opens a stream, and calls `onMessage` with each message behind the header of its frame. */
  stream(path: string, request: Buffer, onMessage: (message: Buffer) => void): void {
    const stream = this.#session.request(headersOf(path))
    stream.on('error', () => undefined)
    // Every response of this benchmark is short, and arrives as a whole.
    stream.on('data', (chunk: Buffer) => {
      for (let start = 0; start < chunk.length;) {
        const end = start + FRAME_HEADER_BYTES + chunk.readUInt32BE(start + 1)
        onMessage(chunk.subarray(start + FRAME_HEADER_BYTES, end))
        start = end
      }
    })
    stream.write(request)
  }

  close(): void {
    this.#session.destroy()
  }
}

function headersOf(path: string): Record<string, string> {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }
}
