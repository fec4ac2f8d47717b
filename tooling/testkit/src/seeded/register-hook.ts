// For `--import`: replaces modules in this process and in its children.
import { readFileSync } from 'node:fs'
import { register } from 'node:module'
import type { LoadReplacement } from './load-hook.js'

const path = process.env['LDB_SEEDED_BUILT']
if (path !== undefined) {
  const data = JSON.parse(readFileSync(path, 'utf8')) as LoadReplacement
  register<LoadReplacement>('./load-hook.js', { parentURL: import.meta.url, data })
}
