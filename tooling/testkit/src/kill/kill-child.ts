// A child process that is killed. It loads all modules, sends `ready` with its process id, and reads its task from a line of the
// standard input, so that it can wait as a standby. It sends messages by blocking writes: a message sent before the process is
// killed is never lost.
import { readSync, writeSync } from 'node:fs'
import type { ChildTask } from './kill-plan.js'

// Enable the costly invariant checks before any module of LDB is loaded.
Object.assign(globalThis, { LDB_INVARIANTS: true })
const { work } = await import('./kill-work.js')

/** Writes a line, all of it: the pipe may be one that does not block. */
function send(message: string): void {
  const bytes = Buffer.from(`${message}\n`)
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(1, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

/** Waits for bytes: the pipe may be one that does not block. Returns their number, 0 at the end. */
function readSome(buffer: Uint8Array, offset: number): number {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    try {
      return readSync(0, buffer, offset, buffer.length - offset, null)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(pause, 0, 0, 2)
    }
  }
}

function readLine(): string {
  const buffer = new Uint8Array(65_536)
  let length = 0
  do {
    const count = readSome(buffer, length)
    if (count === 0) process.exit(0)
    length += count
  } while (buffer[length - 1] !== 10)
  return Buffer.from(buffer.subarray(0, length)).toString('utf8')
}

send(`ready ${process.pid}`)
const task = JSON.parse(readLine()) as ChildTask
work(task, {
  opening: () => {
    send('opening')
  },
  opened: () => {
    send('opened')
  },
  intent: () => {
    send('intent')
  },
  acknowledge: () => {
    send('ack')
  },
})
