import { spawnSync } from 'node:child_process'

/** Whether there is the program of util-linux that runs a command in a pseudo-terminal. */
export const hasTerminal: boolean = spawnSync('script', ['--version']).status === 0
if (!hasTerminal) console.log('skipped: there is no program script, which makes pseudo-terminals')
