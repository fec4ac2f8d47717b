import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunningChromium } from '@ldb/chromium'

const PAGE = '<!doctype html><meta charset="utf-8"><script src="/app.js"></script>'
/** A page that has posted no result by then has failed. */
const TIMEOUT_MS = 100_000

/**
 * Runs a script in a page of Chromium, and returns what the page posts to `/result`.
 *
 * @param script - path of a classic script.
 */
export async function runInChromium(browser: RunningChromium, script: string): Promise<string> {
  let onResult: (result: string) => void = () => undefined
  const posted = new Promise<string>((resolve) => {
    onResult = resolve
  })
  const server = await serve(readFileSync(script), onResult)
  const { port } = server.address() as AddressInfo
  let timer: NodeJS.Timeout | undefined
  const failed = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the page posted no result:\n${browser.output()}`))
    }, TIMEOUT_MS)
  })
  try {
    await browser.openPage(`http://127.0.0.1:${port}/`)
    return await Promise.race([posted, failed])
  } finally {
    clearTimeout(timer)
    server.closeAllConnections()
    server.close()
  }
}

/** Serves the page and its script on a free port. */
async function serve(script: Uint8Array, onResult: (result: string) => void): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      let text = ''
      request.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      request.on('end', () => {
        response.end()
        onResult(text)
      })
      return
    }
    const isScript = request.url === '/app.js'
    response.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html')
    response.end(isScript ? script : PAGE)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return server
}
