import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

import { run } from './consumer.js'

/** Returns the findings of `publint --strict` for a tarball. */
export async function publintFindings(tarball: string): Promise<string[]> {
  const file = readFileSync(tarball)
  const bytes = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)
  const { messages, pkg } = await publint({ pack: { tarball: bytes }, strict: true })
  return messages.map((message) => formatMessage(message, pkg) ?? message.code)
}

/** Runs attw on a tarball, for a package of ES modules only, and returns its report. Throws if attw finds a problem. */
export function attw(tarball: string): string {
  const manifest = createRequire(import.meta.url).resolve('@arethetypeswrong/cli/package.json')
  const program = join(dirname(manifest), 'dist', 'index.js')
  const options = ['--profile', 'esm-only', '--no-color', '--no-emoji', '--format', 'ascii']
  return run(process.execPath, [program, tarball, ...options], dirname(tarball))
}
