import { randomBytes } from 'node:crypto'
import { Grpc, OutgoingMessage, visitFields } from './grpc.js'
import {
  batchKeys,
  BATCH_ENTRIES,
  KEYS,
  keyOf,
  manyKeys,
  pairOf,
  SCAN_ENTRIES,
  scanStart,
  VALUE,
} from './workload.js'
import type { Operations } from './workload.js'

const RANGE = '/etcdserverpb.KV/Range'
const TXN = '/etcdserverpb.KV/Txn'
const PUT = '/etcdserverpb.KV/Put'
const WATCH = '/etcdserverpb.Watch/Watch'
const LEASE_GRANT = '/etcdserverpb.Lease/LeaseGrant'
const LEASE_SECONDS = 3600
/** Markers that are kept, as the driver does: see FORMAT.md of `@ldb/etcd`. */
const MARKERS_KEPT = 64
const COMMITTED = Buffer.from([1])
const MOD_REVISION = 2
const COMPARE_EQUAL = 0

/** What was read of one key. */
interface Entry {
  readonly key: string
  readonly value: string
  readonly modRevision: number
}

/** Calls etcd over `node:http2`. */
export class BareEtcd {
  readonly #grpc: Grpc
  readonly #message: OutgoingMessage = new OutgoingMessage()
  readonly #oldMarkers: Buffer[] = []
  #lease = 0
  #onChange: () => void = () => undefined

  private constructor(origin: string) {
    this.#grpc = new Grpc(origin)
  }

  /** Connects to a member, and puts the entries of both forms. */
  static async open(origin: string): Promise<BareEtcd> {
    const bare = new BareEtcd(origin)
    bare.#lease = 1 + Math.floor(Math.random() * 2 ** 50)
    await bare.#grpc.call(LEASE_GRANT, bare.#message.integer(1, LEASE_SECONDS).integer(2, bare.#lease).take())
    for (let batch = 0; batch < KEYS / BATCH_ENTRIES; batch++)
      await bare.#putAll('bare/', batchKeys(batch), VALUE)
    bare.#watch('bare/change')
    return bare
  }

  close(): void {
    this.#grpc.close()
  }

  /** The shortest requests of each row: no marker, and no condition. */
  plain(): Operations {
    return this.#operations('bare/', {
      put: (keys, value) => {
        const [key] = keys
        if (keys.length > 1 || key === undefined) return this.#putAll('bare/', keys, value)
        const request = this.#message
          .bytes(1, bytes(`bare/${key}`))
          .bytes(2, bytes(value))
          .take()
        return this.#grpc.call(PUT, request)
      },
      putUnchanged: (keys) => this.#putAll('bare/', keys, VALUE),
    })
  }

  /** The requests that the driver sends: each write with a marker, and with the condition that its keyspace exists. */
  async same(): Promise<Operations> {
    const { prefix, keyspace, id } = await this.#defaultKeyspace()
    const header = '\0'
    const conditions = [{ key: keyspace, modRevision: id }]
    return this.#operations(prefix, {
      put: (keys, value) => this.#putFenced(prefix, keys, header + value, conditions),
      putUnchanged: (keys, found) => {
        const compared = keys.map((key, index) => ({
          key: bytes(prefix + key, 'latin1'),
          modRevision: found[index]?.modRevision ?? 0,
        }))
        return this.#putFenced(prefix, keys, header + VALUE, [...conditions, ...compared])
      },
    })
  }

  #operations(
    prefix: string,
    write: {
      put(keys: readonly string[], value: string): Promise<unknown>
      putUnchanged(keys: readonly string[], found: readonly (Entry | undefined)[]): Promise<unknown>
    },
  ): Operations {
    return {
      put: (n) => write.put([keyOf(n)], VALUE),
      get: async (n) => {
        const request = this.#message.bytes(1, bytes(prefix + keyOf(n), 'latin1')).take()
        return entriesOf(await this.#grpc.call(RANGE, request))[0]?.value
      },
      'getMany 100': (n) => this.#getMany(prefix, manyKeys(n)),
      'scan 1,000': async (n) => {
        const message = this.#message.bytes(1, bytes(prefix + scanStart(n), 'latin1'))
        // The entries of a keyspace end before the next byte of its identity, or of the name of the table.
        message.bytes(2, bytes(prefix + '~', 'latin1')).integer(3, SCAN_ENTRIES)
        return entriesOf(await this.#grpc.call(RANGE, message.take()))
      },
      'batch 1,000': (n) => write.put(batchKeys(n), VALUE),
      'transaction 2r+2w': async (n) => {
        const keys = pairOf(n)
        await write.putUnchanged(keys, await this.#getMany(prefix, keys))
      },
      'put to change': async (n) => {
        const seen = new Promise<void>((resolve) => {
          this.#onChange = resolve
        })
        await Promise.all([write.put(['change'], `${n}`), seen])
      },
    }
  }

  async #getMany(prefix: string, keys: readonly string[]): Promise<(Entry | undefined)[]> {
    const message = this.#message
    for (const key of keys) {
      message.message(2, () => message.message(1, () => message.bytes(1, bytes(prefix + key, 'latin1'))))
    }
    const response = await this.#grpc.call(TXN, message.take())
    const found: (Entry | undefined)[] = []
    visitFields(response, 0, response.length, (field, from, to) => {
      if (field !== 3) return
      visitFields(response, from, to, (_, start, end) => {
        found.push(entriesOf(response, start, end)[0])
      })
    })
    return found
  }

  async #putAll(prefix: string, keys: readonly string[], value: string): Promise<unknown> {
    for (const key of keys) this.#addPut(bytes(prefix + key, 'latin1'), bytes(value))
    return this.#grpc.call(TXN, this.#message.take())
  }

  async #putFenced(
    prefix: string,
    keys: readonly string[],
    value: string,
    conditions: readonly { readonly key: Buffer; readonly modRevision: number }[],
  ): Promise<void> {
    const message = this.#message
    const marker = Buffer.concat([bytes('ldb/t'), randomBytes(16)])
    for (const { key, modRevision } of [{ key: marker, modRevision: 0 }, ...conditions]) {
      message.message(1, () => {
        message.integer(1, COMPARE_EQUAL).integer(2, MOD_REVISION).bytes(3, key).integer(6, modRevision)
      })
    }
    for (const key of keys) this.#addPut(bytes(prefix + key, 'latin1'), bytes(value))
    this.#addPut(marker, COMMITTED, this.#lease)
    for (let count = 0; count < 2 && this.#oldMarkers.length > MARKERS_KEPT; count++) {
      const old = this.#oldMarkers.shift() ?? marker
      message.message(2, () => message.message(3, () => message.bytes(1, old)))
    }
    const response = await this.#grpc.call(TXN, message.take())
    let isApplied = false
    visitFields(response, 0, response.length, (field, from) => {
      if (field === 2) isApplied = from === 1
    })
    if (!isApplied) throw new Error('the transaction was refused')
    this.#oldMarkers.push(marker)
  }

  #addPut(key: Buffer, value: Buffer, lease?: number): void {
    const message = this.#message
    message.message(2, () =>
      message.message(2, () => {
        message.bytes(1, key).bytes(2, value)
        if (lease !== undefined) message.integer(3, lease)
      }),
    )
  }

  /** Watches a key, and what its kind is within the default keyspace. */
  #watch(key: string): void {
    const message = this.#message
    const request = message.message(1, () => message.bytes(1, bytes(key, 'latin1'))).take()
    this.#grpc.stream(WATCH, request, (response) => {
      visitFields(response, 0, response.length, (field) => {
        if (field === 11) this.#onChange()
      })
    })
  }

  /** Returns how the driver stores the keyspace `default`, and watches its key `change`. */
  async #defaultKeyspace(): Promise<{ prefix: string; keyspace: Buffer; id: number }> {
    const keyspace = bytes('ldb/ndefault')
    const [found] = entriesOf(await this.#grpc.call(RANGE, this.#message.bytes(1, keyspace).take()))
    const id = found?.modRevision ?? 0
    const identity = Buffer.alloc(8)
    identity.writeBigUInt64BE(BigInt(id))
    const prefix = `ldb/d${identity.toString('latin1')}`
    this.#watch(`${prefix}change`)
    return { prefix, keyspace, id }
  }
}

/** Decodes `etcdserverpb.RangeResponse`. */
function entriesOf(response: Buffer, start = 0, end: number = response.length): Entry[] {
  const entries: Entry[] = []
  visitFields(response, start, end, (field, from, to) => {
    if (field !== 2) return
    let [key, value, modRevision] = ['', '', 0]
    visitFields(response, from, to, (member, first, last) => {
      if (member === 1) key = response.toString('latin1', first, last)
      else if (member === 5) value = response.toString('utf8', first, last)
      else if (member === 3) modRevision = first
    })
    entries.push({ key, value, modRevision })
  })
  return entries
}

function bytes(text: string, encoding: BufferEncoding = 'utf8'): Buffer {
  return Buffer.from(text, encoding)
}
