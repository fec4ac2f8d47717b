import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { BenchData } from '../data/bench-data.js'
import { diskBytesOf } from '../measure/disk-usage.js'
import type { Footprint, Prepared } from './messages.js'
import type { Round } from './round.js'
import type { Scenario } from './scenario.js'
import type { Store, StoreModule } from './store.js'
import type { Bench } from './workload.js'
import { WORKLOADS } from './workload-list.js'

const BATCH_ENTRIES = 1000
const CHECKED_ENTRIES = 1000

/** One store in its own process: open, loaded and checked, and then worked on round by round. */
export class StoreSession implements Bench {
  readonly data: BenchData
  readonly scenario: Scenario
  at = 0
  fresh: number
  readonly #module: StoreModule
  readonly #root: string
  readonly #rssBefore: number
  #opened: Store | undefined
  #folderNumber = 0

  constructor(module: StoreModule, scenario: Scenario, root: string) {
    const { entryCount, keyShape, valueBytes } = scenario
    this.#module = module
    this.#root = root
    this.scenario = scenario
    this.data = new BenchData(entryCount, keyShape, valueBytes, module.takesBuffers)
    this.fresh = scenario.contents === 'loaded' || scenario.contents === 'kept' ? entryCount : 0
    this.#rssBefore = process.memoryUsage.rss()
  }

  get store(): Store {
    if (this.#opened === undefined) throw new Error('the store is not open')
    return this.#opened
  }

  /** Folder of the store that is open. */
  get dir(): string {
    return join(this.#root, String(this.#folderNumber))
  }

  /** Makes what rounds work with, so that it is no part of what the store takes. */
  arrive(): void {
    if (this.data.uniform.length === 0) throw new Error('there is nothing to pick')
    globalThis.gc?.()
  }

  /** Opens the store, and fills it when the scenario says so. */
  async prepare(workloads: readonly string[]): Promise<Prepared> {
    if (!this.#module.keyShapes.includes(this.scenario.keyShape)) {
      throw new Error(`does not take keys of the shape ${this.scenario.keyShape}`)
    }
    await this.openFresh()
    const lacks: Record<string, string> = {}
    for (const name of workloads) {
      const reason = WORKLOADS[name]!.lacks(this.store, this.#module.persistent)
      if (reason !== undefined) lacks[name] = reason
    }
    if (this.scenario.contents !== 'loaded' || workloads.every((name) => name in lacks))
      return { lacks, loadMs: 0 }
    const start = performance.now()
    for (let first = 0; first < this.data.entryCount; first += BATCH_ENTRIES) {
      const written = this.putBatch(first, Math.min(BATCH_ENTRIES, this.data.entryCount - first))
      if (written !== undefined) await written
    }
    const loadMs = performance.now() - start
    await this.store.settle?.()
    await this.#check()
    return { lacks, loadMs }
  }

  /** Runs one round of a workload. */
  async round(name: string, budgetMs: number): Promise<Round> {
    if (this.scenario.contents === 'empty-each-round') {
      await this.close()
      rmSync(this.dir, { recursive: true, force: true })
      if (this.scenario.memory === 'limited') await letGo()
      await this.openFresh()
      this.fresh = 0
    }
    globalThis.gc?.()
    const before = process.cpuUsage()
    const round = await WORKLOADS[name]!.run(this, budgetMs)
    const { user, system } = process.cpuUsage(before)
    return { ...round, cpuMs: (user + system) / 1000 }
  }

  /** Commits entries in the order of loading, from place `first` on. */
  putBatch(first: number, count: number): void | Promise<void> {
    const { keys, values, order } = this.data
    return this.store.putBatch((put) => {
      for (let place = first; place < first + count; place++) {
        const index = order.at(place)
        put(keys.of(index), values.of(index))
      }
    })
  }

  /** Opens a store in a new folder. */
  async openFresh(): Promise<void> {
    this.#folderNumber++
    mkdirSync(this.dir, { recursive: true })
    await this.open()
  }

  /** Opens the store in the folder that is there. */
  async open(): Promise<void> {
    const { keyShape, cacheBytes, memory, durability, ldbPageBytes } = this.scenario
    const isMemoryLimited = memory === 'limited'
    this.#opened = await this.#module.open({
      dir: this.dir,
      keyShape,
      cacheBytes,
      isMemoryLimited,
      durability,
      ...(ldbPageBytes !== undefined && { ldbPageBytes }),
    })
  }

  async close(): Promise<void> {
    const store = this.#opened
    this.#opened = undefined
    await store?.close()
  }

  footprint(): Footprint {
    const rssBytes = Math.max(0, process.memoryUsage.rss() - this.#rssBefore)
    return { rssBytes, diskBytes: diskBytesOf(this.dir) }
  }

  /** Holds a thousand entries against what was written. */
  async #check(): Promise<void> {
    const { data, store } = this
    for (let i = 0; i < CHECKED_ENTRIES; i++) {
      const index = data.uniform[i]!
      data.check(index, store.get?.(data.keys.of(index)))
    }
    const count = await store.entries?.()
    if (count !== undefined && count !== data.entryCount)
      throw new Error(`${data.entryCount} entries were written, and ${count} are there`)
  }
}

/**
 * Frees what a store has held, in a turn of its own, before the next one takes as much. Only where memory is short: V8 throws away
 * code whose objects are all gone, and the next round would begin by compiling.
 */
async function letGo(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
}
