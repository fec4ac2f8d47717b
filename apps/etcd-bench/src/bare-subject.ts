import { randomBytes } from 'node:crypto'
import { EtcdClient } from '@ldb/etcd'
import type { EtcdOperation } from '@ldb/etcd'
import { ENTRIES, keyOf, valueOf } from './subject.js'
import type { Subject } from './subject.js'

const encode = (text: string): Uint8Array => Buffer.from(text)
const FIRST = encode('bare/')
const END = encode('bare0')

/** The bare client of etcd: plain puts, or puts that are fenced as the driver does it. */
export class BareSubject implements Subject {
  readonly name: string
  readonly #client: EtcdClient
  readonly #isFenced: boolean
  readonly #old: Uint8Array[] = []
  #changes: ReturnType<EtcdClient['watch']> | undefined = undefined
  #lease = 0

  constructor(name: string, endpoints: readonly string[], isFenced: boolean) {
    this.name = name
    this.#client = new EtcdClient({ endpoints })
    this.#isFenced = isFenced
  }

  async put(index: number): Promise<void> {
    await this.batch([index])
  }

  async get(index: number): Promise<void> {
    await this.#client.range({ key: this.#key(index) })
  }

  async getMany(indexes: readonly number[]): Promise<void> {
    const success = indexes.map((index) => ({ kind: 'range', range: { key: this.#key(index) } }) as const)
    await this.#client.repeatableTxn({ compare: [], success })
  }

  async scan(): Promise<number> {
    let key = FIRST
    let revision = 0
    let count = 0
    for (;;) {
      const page = await this.#client.range({ key, rangeEnd: END, limit: 1000, revision })
      revision ||= page.revision
      count += page.kvs.length
      const last = page.kvs.at(-1)
      if (!page.more || last === undefined) return count
      key = Buffer.concat([last.key, Buffer.alloc(1)])
    }
  }

  async batch(indexes: readonly number[]): Promise<void> {
    const puts = indexes.map(
      (index) => ({ kind: 'put', key: this.#key(index), value: encode(valueOf(index)) }) as const,
    )
    await this.#write(puts, [])
  }

  async transaction(first: number, second: number): Promise<void> {
    const keys = [this.#key(first), this.#key(second)] as const
    const a = await this.#client.range({ key: keys[0] })
    const b = await this.#client.range({ key: keys[1], revision: a.revision, serializable: true })
    const [kvA, kvB] = [a.kvs[0], b.kvs[0]]
    await this.#write(
      [
        { kind: 'put', key: keys[0], value: kvB?.value ?? encode('') },
        { kind: 'put', key: keys[1], value: kvA?.value ?? encode('') },
      ],
      [
        { key: keys[0], relation: 'equal', modRevision: kvA?.modRevision ?? 0 },
        { key: keys[1], relation: 'equal', modRevision: kvB?.modRevision ?? 0 },
      ],
    )
  }

  async putToChange(index: number): Promise<void> {
    if (this.#changes === undefined) {
      const { revision } = await this.#client.range({ key: FIRST, countOnly: true })
      this.#changes = this.#client.watch({ key: FIRST, rangeEnd: END, startRevision: revision + 1 })
    }
    const seen = this.#nextChange()
    await this.put(index)
    await seen
  }

  close(): Promise<void> {
    this.#client.close()
    return Promise.resolve()
  }

  async #nextChange(): Promise<void> {
    for (;;) {
      const revision = await this.#changes?.next()
      if (revision === undefined || revision.events.length > 0) return
    }
  }

  async #write(
    operations: readonly EtcdOperation[],
    compare: Parameters<EtcdClient['txn']>[0]['compare'],
  ): Promise<void> {
    if (!this.#isFenced) {
      await this.#client.txn({ compare, success: operations })
      return
    }
    if (this.#lease === 0) {
      this.#lease = 1 + Math.floor(Math.random() * 2 ** 50)
      await this.#client.grantLease(this.#lease, 3600)
    }
    const key = Buffer.concat([encode('mark/'), randomBytes(16)])
    const success: EtcdOperation[] = [
      ...operations,
      { kind: 'put', key, value: encode('1'), lease: this.#lease },
    ]
    const old = this.#old.length > 64 ? this.#old.shift() : undefined
    if (old !== undefined) success.push({ kind: 'delete', key: old })
    await this.#client.txn({ compare: [{ key, relation: 'equal', modRevision: 0 }, ...compare], success })
    this.#old.push(key)
  }

  #key(index: number): Uint8Array {
    return encode(`bare/${keyOf(index % ENTRIES)}`)
  }
}
