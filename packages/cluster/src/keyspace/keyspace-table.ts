import { jsonValues, keyEncoding, LdbError, utf8Keys, valueEncoding } from '@ldb/base'
import type { KeyEncoding, KeyEncodingOption, ValueEncoding, ValueEncodingOption } from '@ldb/base'
import type { Session } from '../calls/session.js'
import type { DriverKeyspace } from '../driver/driver-keyspace.js'
import { SETTINGS_KEYSPACE } from '../format.js'
import { KeyspaceCodec } from './keyspace-codec.js'
import type { ResolvedKeyspaceOptions } from './keyspace-options.js'
import { decodeProperties, encodeProperties } from './keyspace-properties.js'
import { OpenKeyspace } from './open-keyspace.js'

/** Reads and writes of the keyspace of settings. */
export interface Settings {
  get(key: string): Promise<unknown>
  put(key: string, value: unknown): Promise<void>
  delete(key: string): Promise<void>
}

/** Opens the keyspaces of a database, each once for the same encodings. */
export class KeyspaceTable {
  readonly #session: Session
  readonly #opened: Map<string, OpenKeyspace<unknown, unknown>> = new Map()

  constructor(session: Session) {
    this.#session = session
  }

  /** Opens the keyspace of positions and settings. */
  async openSettings(): Promise<OpenKeyspace<string, unknown>> {
    const properties = encodeProperties({ keys: utf8Keys.name, values: jsonValues.name })
    const driver = await this.#openOrCreate(SETTINGS_KEYSPACE, properties)
    const codec = new KeyspaceCodec<string, unknown>(utf8Keys, jsonValues, this.#session.limits)
    return new OpenKeyspace(this.#session, driver, codec, Infinity)
  }

  /** @throws {@link LdbError} LDB_EXISTS for other encodings; LDB_NOT_FOUND without `createIfMissing`; LDB_INVALID_ARGUMENT for a custom encoding that is not passed. */
  async open(
    name: string,
    options: ResolvedKeyspaceOptions,
    settings: Settings,
  ): Promise<OpenKeyspace<unknown, unknown>> {
    const stored = {
      keys: options.keys?.name ?? utf8Keys.name,
      values: options.values?.name ?? 'utf8',
    }
    const driver = options.createIfMissing
      ? await this.#openOrCreate(name, encodeProperties(stored))
      : await this.find(name)
    checkStored(driver, options)
    const ttlKey = `ttl/${driver.id}`
    const ttlMs = options.ttlMs ?? storedTtl(await settings.get(ttlKey))
    if (options.ttlMs === Infinity) await settings.delete(ttlKey)
    else if (options.ttlMs !== undefined) await settings.put(ttlKey, { ttlMs })
    return this.of(driver, options, ttlMs)
  }

  /** Returns what is open of a keyspace of the driver. Custom encodings are those with which it was opened, or those of `options`. */
  of(
    driver: DriverKeyspace,
    options?: Pick<ResolvedKeyspaceOptions, 'keys' | 'values'>,
    ttlMs?: number,
  ): OpenKeyspace<unknown, unknown> {
    const present = this.#opened.get(driver.id)
    const stored = decodeProperties(driver)
    const keys = options?.keys ?? present?.codec.keys ?? keysNamed(stored.keys)
    const values = options?.values ?? present?.codec.values ?? valuesNamed(stored.values)
    if (present !== undefined && present.codec.keys === keys && present.codec.values === values) {
      present.ttlMs = ttlMs ?? present.ttlMs
      return present
    }
    const codec = new KeyspaceCodec<unknown, unknown>(keys, values, this.#session.limits)
    const opened = new OpenKeyspace(this.#session, driver, codec, ttlMs ?? Infinity)
    this.#opened.set(driver.id, opened)
    return opened
  }

  /** Lists the keyspaces of the driver, reserved ones excluded. */
  async list(): Promise<DriverKeyspace[]> {
    const { driver } = this.#session
    const all = await this.#session.repeat((options) => driver.keyspaces(options), undefined)
    return all.filter(({ name }) => name !== SETTINGS_KEYSPACE)
  }

  /** @throws {@link LdbError} LDB_NOT_FOUND. */
  async find(name: string): Promise<DriverKeyspace> {
    const { driver } = this.#session
    const found = await this.#session.repeat((options) => driver.openKeyspace(name, options), undefined)
    if (found !== undefined) return found
    throw new LdbError('LDB_NOT_FOUND', `there is no keyspace ${JSON.stringify(name)}`)
  }

  async #openOrCreate(name: string, properties: string): Promise<DriverKeyspace> {
    const session = this.#session
    const { driver } = session
    return session.repeat(
      async (options) =>
        (await driver.openKeyspace(name, options)) ?? driver.createKeyspace(name, properties, options),
      undefined,
    )
  }
}

function storedTtl(setting: unknown): number {
  const ttlMs = (setting as { readonly ttlMs?: unknown } | undefined)?.ttlMs
  return typeof ttlMs === 'number' ? ttlMs : Infinity
}

function keysNamed(name: string): KeyEncoding<unknown> {
  return keyEncoding(name as KeyEncodingOption<unknown>)
}

function valuesNamed(name: string): ValueEncoding<unknown> {
  return valueEncoding(name as ValueEncodingOption<unknown>)
}

function checkStored(driver: DriverKeyspace, options: ResolvedKeyspaceOptions): void {
  const stored = decodeProperties(driver)
  for (const option of ['keys', 'values'] as const) {
    const wanted = options[option]?.name
    if (wanted === undefined || wanted === stored[option]) continue
    const message = `keyspace ${JSON.stringify(driver.name)} has ${option} ${JSON.stringify(stored[option])}, not ${JSON.stringify(wanted)}`
    throw new LdbError('LDB_EXISTS', message, { details: { expected: wanted, actual: stored[option] } })
  }
}
