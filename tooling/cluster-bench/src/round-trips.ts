import { connect } from 'node:http2'
import { Socket } from 'node:net'

/**
 * Counts what this process sends to servers while `run` runs: requests of HTTP/2, and on other sockets the times that an answer follows
 * something that was sent.
 *
 * @remarks Replaces methods of Node meanwhile.
 */
export async function countRoundTrips(run: () => Promise<unknown>): Promise<number> {
  let count = 0
  const waiting = new WeakSet()
  const socket = Socket.prototype as unknown as Record<'write' | 'push', (...args: unknown[]) => unknown>
  const { write, push } = socket
  const session = http2SessionPrototype()
  const { request } = session
  socket.write = function (this: object, ...args) {
    waiting.add(this)
    return write.apply(this, args)
  }
  socket.push = function (this: object, ...args) {
    if (waiting.delete(this)) count++
    return push.apply(this, args)
  }
  session.request = function (this: object, ...args) {
    count++
    return request.apply(this, args)
  }
  try {
    await run()
  } finally {
    Object.assign(socket, { write, push })
    session.request = request
  }
  return count
}

/** Sessions of HTTP/2 take the handle of their socket: what they send does not pass through its methods. */
function http2SessionPrototype(): { request: (...args: unknown[]) => unknown } {
  const session = connect('http://127.0.0.1:9')
  session.on('error', () => undefined)
  session.destroy()
  return Object.getPrototypeOf(session) as { request: (...args: unknown[]) => unknown }
}
