import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BenchData } from '../data/bench-data.js'
import { diskBytesOf } from '../measure/disk-usage.js'
import type { Footprint } from '../model/results.js'
import type { Prepared } from './messages.js'
import type { Round } from '../model/round.js'
import type { Scenario } from '../model/scenario.js'
import type { Store, StoreModule } from '../model/store.js'
import type { WorkloadContext } from '../model/workload.js'
import { WORKLOADS } from '../workloads/workload-list.js'

const BATCH_ENTRIES = 1000
const CHECKED_ENTRIES = 1000

/** One store in its own process: opened, loaded, verified, and measured round by round. */
export class StoreSession implements WorkloadContext {
  readonly data: BenchData
  readonly scenario: Scenario
  pickIndex = 0
  nextEntryIndex: number
  readonly #module: StoreModule
  readonly #root: string
  readonly #rssBefore: number
  #openStore: Store | undefined
  #folderNumber = 0

  constructor(module: StoreModule, scenario: Scenario, root: string) {
    const { entryCount, keyShape, valueBytes } = scenario
    this.#module = module
    this.#root = root
    this.scenario = scenario
    this.data = new BenchData(entryCount, keyShape, valueBytes, module.takesBuffers)
    this.nextEntryIndex = scenario.contents === 'loaded' || scenario.contents === 'kept' ? entryCount : 0
    this.#rssBefore = process.memoryUsage.rss()
  }

  get store(): Store {
    if (this.#openStore === undefined) throw new Error('the store is not open')
    return this.#openStore
  }

  /** Folder of the open store. */
  get dir(): string {
    return join(this.#root, String(this.#folderNumber))
  }

  /** Allocates the picks of the workloads before the store's memory is measured. */
  initialize(): void {
    if (this.data.uniform.length === 0) throw new Error('there are no picks')
    globalThis.gc?.()
  }

  /** Opens the store, and loads it when the scenario requires that. */
  async prepare(workloads: readonly string[]): Promise<Prepared> {
    if (!this.#module.keyShapes.includes(this.scenario.keyShape)) {
      throw new Error(`does not support keys of the shape ${this.scenario.keyShape}`)
    }
    await this.openNew()
    const unsupported: Record<string, string> = {}
    for (const name of workloads) {
      const reason = WORKLOADS[name]!.unsupportedReason(this.store, this.#module.persistent)
      if (reason !== undefined) unsupported[name] = reason
    }
    if (this.scenario.contents !== 'loaded' || workloads.every((name) => name in unsupported))
      return { unsupported, loadMs: 0 }
    const start = performance.now()
    for (let first = 0; first < this.data.entryCount; first += BATCH_ENTRIES) {
      const written = this.putBatch(first, Math.min(BATCH_ENTRIES, this.data.entryCount - first))
      if (written !== undefined) await written
    }
    const loadMs = performance.now() - start
    await this.store.compact?.()
    await this.#verifyEntries()
    return { unsupported, loadMs }
  }

  /** Runs one round of a workload. */
  async round(name: string, budgetMs: number): Promise<Round> {
    if (this.scenario.contents === 'empty-each-round') {
      await this.close()
      rmSync(this.dir, { recursive: true, force: true })
      if (this.scenario.memory === 'limited') await collectGarbage()
      await this.openNew()
      this.nextEntryIndex = 0
    }
    globalThis.gc?.()
    const before = process.cpuUsage()
    const round = await WORKLOADS[name]!.run(this, budgetMs)
    const { user, system } = process.cpuUsage(before)
    return { cpuMs: (user + system) / 1000, ...round }
  }

  /** Commits entries in loading order, starting at position `first`. */
  putBatch(first: number, count: number): void | Promise<void> {
    const { keys, values, order } = this.data
    return this.store.putBatch((put) => {
      for (let position = first; position < first + count; position++) {
        const index = order.at(position)
        put(keys.of(index), values.of(index))
      }
    })
  }

  /** Opens a store in a new folder. */
  async openNew(): Promise<void> {
    this.#folderNumber++
    mkdirSync(this.dir, { recursive: true })
    await this.open()
  }

  /** Opens the store in the current folder. */
  async open(): Promise<void> {
    const { keyShape, cacheBytes, memory, durability, ldbPageBytes, ldbEngine, writeBufferBytes } =
      this.scenario
    const isMemoryLimited = memory === 'limited'
    this.#openStore = await this.#module.open({
      dir: this.dir,
      keyShape,
      cacheBytes,
      isMemoryLimited,
      durability,
      ...(ldbPageBytes !== undefined && { ldbPageBytes }),
      ...(ldbEngine !== undefined && { ldbEngine }),
      ...(writeBufferBytes !== undefined && { writeBufferBytes }),
    })
  }

  async close(): Promise<void> {
    const store = this.#openStore
    this.#openStore = undefined
    await store?.close()
  }

  footprint(): Footprint {
    const rssBytes = Math.max(0, process.memoryUsage.rss() - this.#rssBefore)
    return { rssBytes, diskBytes: diskBytesOf(this.dir) }
  }

  /** Verifies a thousand values and the number of entries. */
  async #verifyEntries(): Promise<void> {
    const { data, store } = this
    for (let i = 0; i < CHECKED_ENTRIES && store.get !== undefined; i++) {
      const index = data.uniform[i]!
      data.verifyValue(index, store.get(data.keys.of(index)))
    }
    const count = await store.entries?.()
    if (count !== undefined && count !== data.entryCount)
      throw new Error(`${data.entryCount} entries were written, but the store has ${count}`)
  }
}

/**
 * Frees the memory of a closed store before the next one allocates as much. Used only where memory is limited: V8
 * discards optimised code whose objects are collected, so that the next round starts with compilation.
 */
async function collectGarbage(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
}
