// Strategy: a consumer that is stopped after a few events, behind a truncated log, and a process that is killed while it consumes.
// Invariants: each order has one invoice, whatever was interrupted; nothing is handled twice.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AsyncDatabase } from '@ldb/core'
import { afterAll, expect, test } from 'vitest'
import { InvoiceWriter, OrderBook } from '../src/outbox.js'

const root = mkdtempSync(join(tmpdir(), 'ldb-outbox-'))

afterAll(() => {
  rmSync(root, { recursive: true })
})

/** Runs the consumer until it has handled `count` commits. */
async function consume(book: OrderBook, count: number): Promise<void> {
  const controller = new AbortController()
  let left = count
  await new InvoiceWriter(book).run(controller.signal, () => {
    if (--left === 0) controller.abort()
  })
}

async function place(book: OrderBook, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++)
    await book.place(number, { customer: 'Ada', cents: number * 100 })
}

const LIMITS = [
  ['keeps the log', {}, 24],
  // What the snapshot contains is handled by one transaction.
  ['has removed the log', { consumerBacklogBytes: 0 }, 1],
] as const

test.each(LIMITS)('a consumer continues when the database %s', async (name, limits, commits) => {
  const directory = join(root, name)
  {
    await using db = await AsyncDatabase.open(directory, limits)
    const book = await OrderBook.open(db)
    await place(book, 0, 20)
    await consume(book, 5)
    expect(await book.invoices.count()).toBe(5)
    expect(await book.outbox.count()).toBe(15)
    await consume(book, 1)
    expect(await book.invoices.count()).toBe(6)
    await place(book, 20, 30)
    await db.checkpoint()
  }
  await using db = await AsyncDatabase.open(directory, limits)
  const book = await OrderBook.open(db)
  await consume(book, commits)
  expect(await book.outbox.count()).toBe(0)
  await place(book, 30, 32)
  await consume(book, 2)
  const invoices = await book.invoices.entries().toArray()
  expect(invoices).toEqual(Array.from({ length: 32 }, (_, number) => [[number], `Ada pays ${number}`]))
  expect(await book.orders.count()).toBe(32)
})

test('a killed process repeats nothing and leaves nothing out', async () => {
  const directory = join(root, 'killed')
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
  for (const killedAfter of [10, 60, Infinity]) {
    const child = spawn(process.execPath, [main, 'outbox', '--dir', directory, '--count', '150'])
    let handled = 0
    let printed = ''
    child.stdout.on('data', (text: Buffer) => {
      printed += text.toString()
      handled += text.length
      if (handled >= killedAfter) child.kill('SIGKILL')
    })
    child.stderr.pipe(process.stderr)
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
    if (killedAfter === Infinity) {
      expect(code).toBe(0)
      expect(printed).toContain('150 invoices, 0 events left')
    } else expect(code).toBe(null)
  }
  await using db = await AsyncDatabase.open(directory)
  const { invoices, orders } = await OrderBook.open(db)
  expect(await invoices.count()).toBe(150)
  for await (const [[number], { customer, cents }] of orders.entries()) {
    expect(await invoices.get([number])).toBe(`${customer} pays ${cents / 100}`)
  }
})
