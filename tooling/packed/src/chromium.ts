import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const PAGE = '<!doctype html><meta charset="utf-8"><script src="/app.js"></script>'
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** A page that has posted no result by then has failed. */
const TIMEOUT_MS = 60_000

/** Returns the path of Chromium, or `undefined` when it is not installed. */
export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

/**
 * Runs a script in a page of Chromium, and returns what the page posts to `/result`.
 *
 * @param chromium - path of the program.
 * @param script - path of a classic script.
 */
export async function runInChromium(chromium: string, script: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'ldb-chromium-'))
  let onResult: (result: string) => void = () => undefined
  const posted = new Promise<string>((resolve) => {
    onResult = resolve
  })
  const server = await serve(readFileSync(script), onResult)
  const { port } = server.address() as AddressInfo
  const args = [...FLAGS, `--user-data-dir=${profile}`, `http://127.0.0.1:${port}/`]
  const browser = spawn(chromium, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  browser.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  const ended = new Promise<void>((resolve) => {
    browser.once('close', () => {
      resolve()
    })
  })
  let timer: NodeJS.Timeout | undefined
  const failed = new Promise<never>((_, reject) => {
    const fail = (): void => {
      reject(new Error(`the page posted no result:\n${output}`))
    }
    browser.once('error', reject)
    void ended.then(fail)
    timer = setTimeout(fail, TIMEOUT_MS)
  })
  try {
    return await Promise.race([posted, failed])
  } finally {
    clearTimeout(timer)
    // Chromium has child processes, which are in its process group.
    if (browser.pid !== undefined && browser.exitCode === null) process.kill(-browser.pid, 'SIGKILL')
    await ended
    server.closeAllConnections()
    server.close()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
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
