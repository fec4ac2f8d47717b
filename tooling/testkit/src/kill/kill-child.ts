// A child that is killed. It loads everything first, says `ready` with its process id, and waits for its order on a
// line of the standard input; so the next one can stand by while this one works. Its ledger goes out through plain,
// blocking writes: what it has told, it has told, whatever becomes of it.
import { readSync, writeSync } from 'node:fs'
import type { KillOrder } from './kill-plan.js'

// Before anything of LDB is loaded: costly checks on.
Object.assign(globalThis, { LDB_INVARIANTS: true })
const { work } = await import('./kill-work.js')

function tell(word: string): void {
  writeSync(1, `${word}\n`)
}

function readLine(): string {
  const buffer = new Uint8Array(65_536)
  let length = 0
  do {
    const count = readSync(0, buffer, length, buffer.length - length, null)
    if (count === 0) process.exit(0)
    length += count
  } while (buffer[length - 1] !== 10)
  return Buffer.from(buffer.subarray(0, length)).toString('utf8')
}

tell(`ready ${process.pid}`)
const order = JSON.parse(readLine()) as KillOrder
work(order, {
  opening: () => {
    tell('opening')
  },
  opened: () => {
    tell('opened')
  },
  intent: () => {
    tell('intent')
  },
  acknowledge: () => {
    tell('ack')
  },
})
