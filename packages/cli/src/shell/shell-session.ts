import { isLdbError } from '@ldb/base'
import type { AsyncDatabase, AsyncTransaction } from '@ldb/core'
import { formatData, parseData } from '../data/data-format.js'
import { CommandExit } from '../terminal/exit-code.js'
import { openKeyspace } from '../data/open.js'
import type { OpenKeyspace } from '../data/open.js'
import type { Output } from '../terminal/output.js'

/** Entries of a `scan` without a limit. */
const SCAN_LIMIT = 20
/** Keys that a completion offers at most. */
const COMPLETION_LIMIT = 30

const HELP = [
  ['use <keyspace>', 'choose the keyspace of the next lines'],
  ['keyspaces', 'list the keyspaces'],
  ['get <key>', 'print a value'],
  ['put <key> <value>', 'write an entry'],
  ['delete <key>', 'remove a key'],
  ['scan [prefix] [limit]', `print entries, ${SCAN_LIMIT} without a limit`],
  ['count [prefix]', 'count entries'],
  ['begin', 'begin a transaction, which sees one state and its own writes'],
  ['show', 'print what the transaction will write'],
  ['commit, rollback', 'end the transaction'],
  ['exit', 'leave, and roll an open transaction back'],
] as const

const NAMES = HELP.flatMap(([usage]) => usage.split(/[ ,]+/).filter((word) => /^[a-z]+$/.test(word)))

type Action = (words: readonly string[]) => Promise<void>

/** A dialogue with an open database: each line is one command. A word with spaces is put in quotes. */
export class ShellSession {
  readonly #database: AsyncDatabase
  readonly #output: Output
  readonly #actions: Readonly<Record<string, Action>>
  #name = 'default'
  #transaction: AsyncTransaction | undefined = undefined
  /** The writes of the transaction, as they were typed. */
  #writes: string[] = []

  constructor(database: AsyncDatabase, output: Output) {
    this.#database = database
    this.#output = output
    this.#actions = {
      help: () => output.table(HELP),
      use: ([name]) => this.#use(name),
      keyspaces: () => this.#keyspaces(),
      get: ([key]) => this.#get(key),
      put: ([key, value]) => this.#put(key, value),
      delete: ([key]) => this.#delete(key),
      scan: ([prefix, limit]) => this.#scan(prefix, limit),
      count: ([prefix]) => this.#count(prefix),
      begin: () => this.#begin(),
      show: () => this.#show(),
      commit: () => this.#commit(),
      rollback: () => this.#rollback(),
    }
  }

  /** What stands before the next line. An asterisk says that a transaction is open. */
  get prompt(): string {
    return `${this.#name}${this.#transaction === undefined ? '' : '*'}> `
  }

  /** Runs a line. Returns false when it ends the session. An error is reported, and ends nothing. */
  async run(line: string): Promise<boolean> {
    try {
      const [name, ...words] = wordsOf(line)
      if (name === undefined) return true
      if (name === 'exit' || name === 'quit') return false
      const action = Object.hasOwn(this.#actions, name) ? this.#actions[name] : undefined
      if (action === undefined) throw new Error(`no command is named ${name}; help lists the commands`)
      await action(words)
    } catch (error) {
      if (error instanceof CommandExit && error.message === '') throw error
      const code = isLdbError(error) ? `${error.code}: ` : ''
      await this.#output.line(`${code}${error instanceof Error ? error.message : String(error)}`)
    }
    return true
  }

  /** Returns the words that may take the place of the last one of a line. */
  async complete(line: string): Promise<string[]> {
    const words = line.split(' ')
    const last = words.at(-1) ?? ''
    if (words.length === 1) return NAMES.filter((name) => name.startsWith(last))
    if (words.length > 2) return []
    if (words[0] === 'use')
      return (await this.#database.keyspaces())
        .map(({ name }) => name)
        .filter((name) => name.startsWith(last))
    const keyspace = await this.#open()
    if (keyspace.keys.format !== 'text' || !NAMES.includes(words[0] ?? '')) return []
    const range = { prefix: bytesOf(keyspace, last), limit: COMPLETION_LIMIT }
    const keys = await keyspace.bytes.keys(range).toArray()
    return keys.map((key) => keyText(keyspace, key)).filter((key) => !/[\s"]/.test(key))
  }

  /** Rolls an open transaction back. */
  async end(): Promise<void> {
    const transaction = this.#transaction
    this.#transaction = undefined
    await transaction?.rollback()
  }

  async #open(): Promise<OpenKeyspace> {
    return openKeyspace(this.#database, { keyspace: this.#name })
  }

  async #use(name: string | undefined): Promise<void> {
    const wanted = required(name, 'use <keyspace>')
    await openKeyspace(this.#database, { keyspace: wanted })
    this.#name = wanted
  }

  async #keyspaces(): Promise<void> {
    const rows = (await this.#database.keyspaces()).map(({ name, engine, keys, values }) => [
      name,
      engine,
      keys,
      values,
    ])
    await this.#output.table([['keyspace', 'engine', 'keys', 'values'], ...rows])
  }

  async #get(text: string | undefined): Promise<void> {
    const keyspace = await this.#open()
    const key = bytesOf(keyspace, required(text, 'get <key>'))
    const value = await this.#readerOf(keyspace).get(key)
    await this.#output.line(value === undefined ? '(no such key)' : valueText(keyspace, value))
  }

  async #put(text: string | undefined, valueOf: string | undefined): Promise<void> {
    const keyspace = await this.#open()
    const key = bytesOf(keyspace, required(text, 'put <key> <value>'))
    const { format, encoding } = keyspace.values
    const value = parseData(required(valueOf, 'put <key> <value>'), format, encoding)
    await this.#readerOf(keyspace).put(key, value)
    this.#note(`put ${this.#name} ${String(text)} ${String(valueOf)}`)
  }

  async #delete(text: string | undefined): Promise<void> {
    const keyspace = await this.#open()
    await this.#readerOf(keyspace).delete(bytesOf(keyspace, required(text, 'delete <key>')))
    this.#note(`delete ${this.#name} ${String(text)}`)
  }

  async #scan(prefix: string | undefined, limit: string | undefined): Promise<void> {
    const keyspace = await this.#open()
    const wanted = limit === undefined ? SCAN_LIMIT : Number(limit)
    const range = { ...prefixOf(keyspace, prefix), limit: wanted }
    for await (const [key, value] of this.#readerOf(keyspace).entries(range))
      await this.#output.line(`${keyText(keyspace, key)}\t${valueText(keyspace, value)}`)
  }

  async #count(prefix: string | undefined): Promise<void> {
    const keyspace = await this.#open()
    await this.#output.line(String(await this.#readerOf(keyspace).count(prefixOf(keyspace, prefix))))
  }

  async #begin(): Promise<void> {
    if (this.#transaction !== undefined) throw new Error('a transaction is open: commit or rollback')
    this.#transaction = this.#database.begin()
    this.#writes = []
    await this.#output.line(`a transaction at commit ${this.#transaction.seq}`)
  }

  async #show(): Promise<void> {
    const transaction = this.#opened()
    await this.#output.line(`a transaction at commit ${transaction.seq}, with ${this.#writes.length} writes`)
    for (const write of this.#writes) await this.#output.line(write)
  }

  async #commit(): Promise<void> {
    const transaction = this.#opened()
    // A conflict ends it, too.
    this.#transaction = undefined
    await transaction.commit()
    await this.#output.line(`commit ${this.#database.seq}`)
  }

  async #rollback(): Promise<void> {
    this.#opened()
    await this.end()
  }

  #opened(): AsyncTransaction {
    if (this.#transaction === undefined) throw new Error('no transaction is open: begin')
    return this.#transaction
  }

  #note(write: string): void {
    if (this.#transaction !== undefined) this.#writes.push(write)
  }

  /** Returns what reads and writes a keyspace: the transaction if one is open. */
  #readerOf({
    bytes,
  }: OpenKeyspace): Pick<OpenKeyspace['bytes'], 'count' | 'delete' | 'entries' | 'get' | 'put'> {
    return this.#transaction === undefined ? bytes : (this.#transaction.in(bytes) as never)
  }
}

/** Splits a line into words. Quotes hold a word together, and JSON inside of single quotes. */
export function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|"(?:[^"\\]|\\.)*"|\S+/g) ?? []
  return words.map((word) => {
    if (word.length > 1 && word.startsWith("'") && word.endsWith("'")) return word.slice(1, -1)
    return word.length > 1 && word.startsWith('"') && word.endsWith('"')
      ? word.slice(1, -1).replaceAll(/\\(.)/g, '$1')
      : word
  })
}

function required(word: string | undefined, usage: string): string {
  if (word === undefined) throw new Error(`usage: ${usage}`)
  return word
}

function bytesOf({ keys }: OpenKeyspace, text: string): Uint8Array {
  return parseData(text, keys.format, keys.encoding)
}

function prefixOf(keyspace: OpenKeyspace, text: string | undefined): { readonly prefix?: Uint8Array } {
  return text === undefined ? {} : { prefix: bytesOf(keyspace, text) }
}

function keyText({ keys }: OpenKeyspace, bytes: Uint8Array): string {
  return formatData(bytes, keys.format, keys.encoding)
}

function valueText({ values }: OpenKeyspace, bytes: Uint8Array): string {
  return formatData(bytes, values.format, values.encoding)
}
