import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { isLdbError } from '@ldb/base'

/** An empty line tells the page that the stream is alive, and the server that the page is gone. */
const ALIVE_MS = 15_000

/**
 * Writes objects as lines of JSON until the page closes the response. Reads none while the page has not taken those before: a page in the
 * background would otherwise have all of them kept in memory.
 *
 * @param open - returns the objects, which end when the signal is aborted. An error before the first of them is one of the request.
 */
export async function sendLines(
  response: ServerResponse,
  open: (signal: AbortSignal) => AsyncIterable<object>,
): Promise<void> {
  const ended = new AbortController()
  response.once('close', () => {
    ended.abort()
  })
  const lines = open(ended.signal)
  response.setHeader('content-type', 'application/x-ndjson')
  response.write('\n')
  const alive = setInterval(() => response.write('\n'), ALIVE_MS)
  try {
    for await (const line of lines) {
      const isTaken = response.write(`${JSON.stringify(line)}\n`)
      if (!isTaken) await once(response, 'drain', { signal: ended.signal }).catch(() => undefined)
    }
  } catch (error) {
    const isExpected = isLdbError(error, 'LDB_ABORTED') || isLdbError(error, 'LDB_CLOSED')
    if (!isExpected) response.write(`${JSON.stringify({ error: String(error) })}\n`)
  } finally {
    clearInterval(alive)
    response.end()
  }
}
