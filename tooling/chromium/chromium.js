// Starts Chromium for tests. See README.md.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--disable-features=Translate,MediaRouter,OptimizationHints',
  '--metrics-recording-only',
  '--mute-audio',
  '--password-store=basic',
  '--use-mock-keychain',
  '--remote-debugging-port=0',
]
const LIFE_MS = 20_000
const TOTAL_MS = 180_000
const PROBE = '<!doctype html><meta charset="utf-8"><script>fetch("/alive", { method: "POST" })</script>'

export function findChromium() {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

/**
 * @param {string} program
 * @param {import('./chromium.js').StartLimits} [limits]
 */
export async function startChromium(program, { lifeMs = LIFE_MS, totalMs = TOTAL_MS } = {}) {
  const startedAt = performance.now()
  const outputs = []
  for (const isLast of [false, true]) {
    const browser = launch(program)
    const restMs = totalMs - (performance.now() - startedAt)
    try {
      const endpoint = await within(isLast ? restMs : Math.min(lifeMs, restMs), provenEndpoint(browser))
      return {
        endpoint,
        openPage: (/** @type {string} */ url) => openPage(endpoint, url),
        output: browser.output,
        close: browser.close,
      }
    } catch (error) {
      await browser.close()
      outputs.push(`${String(error)}\n${browser.output()}`)
    }
  }
  throw new Error(`Chromium shows no life after two starts:\n${outputs.join('\n')}`)
}

/** @param {string} program */
function launch(program) {
  const profile = mkdtempSync(join(tmpdir(), 'ldb-chromium-'))
  const child = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    // Helper processes are in its process group.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: 'disabled:', DBUS_SYSTEM_BUS_ADDRESS: 'disabled:' },
  })
  let output = ''
  const ended = new Promise((resolve) => {
    child.once('close', resolve)
    child.once('error', resolve)
  })
  const endpoint = new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      output += chunk
      const port = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)\//.exec(output)?.[1]
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`)
    })
    void ended.then((reason) => reject(new Error(`Chromium has ended: ${String(reason)}`)))
  })
  // It may end after the start, or when its end is no longer waited for.
  endpoint.catch(() => undefined)
  let closing
  const close = async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      process.kill(-child.pid, 'SIGKILL')
    }
    await ended
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  return {
    endpoint,
    output: () => output,
    close: () => (closing ??= close()),
  }
}

/**
 * Returns the endpoint once a page of the browser has run a script.
 *
 * @param {ReturnType<typeof launch>} browser
 */
async function provenEndpoint(browser) {
  const endpoint = await browser.endpoint
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const alive = new Promise((resolve) => {
      server.on('request', (request, response) => {
        response.setHeader('content-type', 'text/html')
        response.end(request.url === '/' ? PROBE : '')
        if (request.url === '/alive') resolve(undefined)
      })
    })
    await openPage(endpoint, `http://127.0.0.1:${server.address().port}/`)
    await alive
    return endpoint
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

/**
 * @param {string} endpoint
 * @param {string} url
 */
async function openPage(endpoint, url) {
  const response = await fetch(`${endpoint}/json/new?${encodeURI(url)}`, { method: 'PUT' })
  if (!response.ok) throw new Error(`Chromium refuses to open a page: ${await response.text()}`)
  await response.arrayBuffer()
}

/**
 * @template T
 * @param {number} ms
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
async function within(ms, promise) {
  let timer
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no life within ${Math.round(ms)} ms`)), ms)
  })
  promise.catch(() => undefined)
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
