// For `--import`: has this process, and all that it starts, load one module with a bug in it.
import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import type { LoadOrder } from './load-hook.js'

const path = process.env['LDB_SEEDED_BUILT']
if (path !== undefined) {
  const data = JSON.parse(readFileSync(path, 'utf8')) as LoadOrder
  register<LoadOrder>('./load-hook.js', { parentURL: import.meta.url, data })
}
