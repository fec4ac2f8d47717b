import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'

/** Decides about bytes that a client sends: `cut` passes them and what follows on, and ends the connection without an answer. */
export type ChooseCut = (bytes: Uint8Array) => 'pass' | 'cut' | 'drop'

/** A TCP proxy on loopback that loses answers. */
export class CuttingProxy {
  readonly port: number
  readonly #server: Server
  readonly #sockets: Set<Socket> = new Set()

  private constructor(server: Server) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  /**
   * Starts a proxy to a port of 127.0.0.1.
   *
   * @param choose - called with what a client sends. `cut`: the server gets the bytes, the client gets no answer. `drop`: the server does not get them.
   */
  static async start(targetPort: () => number, choose: ChooseCut): Promise<CuttingProxy> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
    const proxy = new CuttingProxy(server)
    server.on('connection', (client) => {
      proxy.#join(client, connect(targetPort(), '127.0.0.1'), choose)
    })
    return proxy
  }

  /** Ends all connections and the proxy. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
  }

  #join(client: Socket, target: Socket, choose: ChooseCut): void {
    let state: 'open' | 'silent' | 'dropped' = 'open'
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        // The server reads what it has got before it sees the end.
        other.end()
      })
    }
    client.on('data', (bytes) => {
      const choice = state === 'open' ? choose(bytes) : 'pass'
      if (choice === 'drop') state = 'dropped'
      if (state === 'dropped') {
        client.destroy()
        return
      }
      target.write(bytes)
      if (choice === 'pass') return
      state = 'silent'
      setTimeout(() => client.destroy(), SILENCE_MS)
    })
    target.on('data', (bytes) => {
      if (state === 'open') client.write(bytes)
    })
  }
}

/** A request may arrive in several pieces. */
const SILENCE_MS = 40
