import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Decides which requests are answered. A page of another site can reach a server on loopback: by its address, or by a name that it makes
 * resolve to loopback. The first sends its own `Origin`, the second its own `Host`, and neither has the token.
 */
export class Gate {
  readonly #token: Uint8Array
  readonly #hosts: ReadonlySet<string>
  readonly #origins: ReadonlySet<string>

  constructor(token: string, port: number) {
    this.#token = digest(token)
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
    this.#hosts = new Set(hosts)
    this.#origins = new Set(hosts.map((host) => `http://${host}`))
  }

  /** Reports whether a request names this server, and comes from its page or from no page. */
  isAddressed({ headers: { host, origin } }: IncomingMessage): boolean {
    return host !== undefined && this.#hosts.has(host) && (origin === undefined || this.#origins.has(origin))
  }

  /** Reports whether a request has the token. The time of the comparison depends on neither token. */
  isAuthorized({ headers: { authorization = '' } }: IncomingMessage): boolean {
    return timingSafeEqual(digest(authorization.replace(/^Bearer /, '')), this.#token)
  }
}

/** Sets the headers of every response: the page runs its own files only, in no frame, and nothing is stored by the browser. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('content-security-policy', CONTENT_POLICY)
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('cross-origin-opener-policy', 'same-origin')
  response.setHeader('cross-origin-resource-policy', 'same-origin')
  response.setHeader('cache-control', 'no-store')
}

function digest(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
