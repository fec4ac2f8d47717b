// Runs one of the programs: node dist/main.js <program> [--dir <path>] [--count <number>]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AsyncDatabase, Database } from '@ldb/core'
import { Bank } from './bank.js'
import { Documents, inventedDocuments } from './documents.js'
import { InvoiceWriter, OrderBook } from './outbox.js'
import { Random } from './random.js'
import { sessionServer, SessionStore } from './session-store.js'
import { People } from './tuple-index.js'

/** A program works in a directory, with a number of entries or operations. */
type Program = (directory: string, count: number) => Promise<void> | void

const PROGRAMS: ReadonlyMap<string, readonly [program: Program, count: number]> = new Map([
  ['sessions', [serveSessions, 8080]],
  ['outbox', [writeInvoices, 1_000]],
  ['people', [indexPeople, 10_000]],
  ['documents', [searchDocuments, 200_000]],
  ['bank', [transfer, 2_000]],
])

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { dir: { type: 'string' }, count: { type: 'string' } },
})
const [program, defaultCount] = PROGRAMS.get(positionals[0] ?? '') ?? []
if (program === undefined || defaultCount === undefined) {
  console.error(`one of these programs: ${[...PROGRAMS.keys()].join(', ')}`)
  process.exitCode = 1
} else {
  const directory = values.dir ?? mkdtempSync(join(tmpdir(), 'ldb-example-'))
  await program(directory, Number(values.count ?? defaultCount))
  if (values.dir === undefined) rmSync(directory, { recursive: true })
}

/** Serves until the process is interrupted. @param port - given as `--count`; 0 for any. */
async function serveSessions(directory: string, port: number): Promise<void> {
  await using db = await AsyncDatabase.open(directory)
  const server = sessionServer(await SessionStore.open(db, 30 * 60_000))
  server.listen(port, () => {
    console.log(`sessions at port ${port}`)
  })
  await new Promise<void>((resolve) => process.once('SIGINT', resolve))
  await new Promise((resolve) => server.close(resolve))
}

/** Places orders, and writes their invoices until there is one for each order. Continues where a killed run has ended. */
async function writeInvoices(directory: string, count: number): Promise<void> {
  await using db = await AsyncDatabase.open(directory)
  const book = await OrderBook.open(db)
  const controller = new AbortController()
  const placing = placeOrders(book, count)
  const writing = new InvoiceWriter(book).run(controller.signal, () => {
    process.stdout.write('.')
    void book.invoices.count().then((written) => {
      if (written === count) controller.abort()
    })
  })
  await Promise.all([placing, writing])
  console.log(`\n${await book.invoices.count()} invoices, ${await book.outbox.count()} events left`)
}

async function placeOrders(book: OrderBook, count: number): Promise<void> {
  for (let number = 1; number <= count; number++) {
    if (await book.orders.has([number])) continue
    await book.place(number, { customer: `customer ${number % 10}`, cents: 100 * number })
  }
}

function indexPeople(directory: string, count: number): void {
  using db = Database.open(directory)
  const people = new People(db)
  const random = new Random(1)
  const cities = ['Ghent', 'Lund', 'Porto', 'Turin']
  for (let id = 0; id < count; id++) {
    const city = cities[random.below(cities.length)] ?? ''
    people.put(id, { name: `person ${id}`, city, age: random.below(100) })
  }
  for (const city of cities) {
    console.log(
      `${city}: ${people.countInCity(city)} people, ${people.inCity(city, 30, 40).length} in their thirties`,
    )
  }
}

function searchDocuments(directory: string, count: number): void {
  using db = Database.open(directory, { durability: 'periodic' })
  const documents = new Documents(db)
  const added = performance.now()
  documents.add(inventedDocuments(count, 1))
  const searched = performance.now()
  const [first, second] = ['ka', 'lo'] as const
  const found = documents.search(first, second)
  const ended = performance.now()
  console.log(`${documents.count} documents in ${((searched - added) / 1000).toFixed(1)} s`)
  console.log(
    `${found.length} of them contain ${first} and ${second}, found in ${(ended - searched).toFixed(0)} ms`,
  )
}

async function transfer(directory: string, count: number): Promise<void> {
  await using db = await AsyncDatabase.open(directory)
  const bank = await Bank.open(db)
  const random = new Random(1)
  const accounts = ['Ada', 'Bo', 'Cyd', 'Dee']
  for (const account of accounts) await bank.open(account, 10_000)
  const account = (): string => accounts[random.below(accounts.length)] ?? ''
  const results = await Promise.all(
    Array.from({ length: count }, (_, number) =>
      bank.transfer(number, { from: account(), to: account(), cents: random.below(500) }),
    ),
  )
  const { cents, transferCount } = await bank.audit()
  const refused = results.filter((result) => result === 'refused').length
  console.log(`${transferCount} transfers made, ${refused} refused; ${cents / 100} in all accounts`)
  console.log(`${db.sync.stats().transactions.conflictCount} conflicts`)
}
