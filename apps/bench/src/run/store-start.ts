import { MemoryGroup } from '../measure/memory-group.js'
import type { Prepared } from './messages.js'
import type { Scenario } from '../model/scenario.js'
import { StoreProcess } from './store-process.js'

const MEBIBYTE = 2 ** 20
/** Cache size of the process that loads a store; its time is not measured. */
const LOADER_CACHE_BYTES = 512 * MEBIBYTE
/** Memory by which V8's heap and thread stacks may grow in a limited process that reads. */
const READER_GROWTH_BYTES = 12 * MEBIBYTE
/** The same in a process that writes: it has batches of 1 MiB as well. */
const WRITER_GROWTH_BYTES = 32 * MEBIBYTE
/** A young generation of 1 MiB. V8's default takes tens of MiB, which serve better as page cache. */
const FLAGS = ['--max-semi-space-size=1']

/** A store in its own process, ready for its first round. */
export interface StartedStore {
  readonly process: StoreProcess
  readonly prepared: Prepared
  /** The control group that limits its memory. */
  readonly group?: MemoryGroup
}

/** Starts the process of a store, and opens and loads the store. On failure only files in `dir` remain. */
export async function startStore(
  store: string,
  scenario: Scenario,
  dir: string,
  workloads: readonly string[],
): Promise<StartedStore> {
  if (scenario.memory === 'limited') return startLimited(store, scenario, dir, workloads)
  const process = new StoreProcess()
  try {
    await process.initialize(store, scenario, dir)
    return { process, prepared: await process.prepare(workloads) }
  } catch (error) {
    process.kill()
    throw error
  }
}

/**
 * Starts a store with limited memory. An unlimited process loads it first, and its page cache is dropped afterwards:
 * pages charged to that process's group would not count towards the limit. The limit is the memory of the process
 * before it opens the store, plus growth of the runtime, plus `cacheBytes`.
 */
async function startLimited(
  store: string,
  scenario: Scenario,
  dir: string,
  workloads: readonly string[],
): Promise<StartedStore> {
  const isLoaded = scenario.contents === 'loaded'
  const loadMs = isLoaded ? await loadAndClose(store, scenario, dir, workloads) : 0
  const group = createGroup()
  const process = new StoreProcess({ group, flags: FLAGS })
  try {
    await process.initialize(store, isLoaded ? { ...scenario, contents: 'kept' } : scenario, dir)
    const growth = isLoaded ? READER_GROWTH_BYTES : WRITER_GROWTH_BYTES
    group.limit(group.usage + growth + scenario.cacheBytes)
    const { unsupported } = await process.prepare(workloads)
    return { process, prepared: { unsupported, loadMs }, group }
  } catch (error) {
    const reason = failureReason(error, group)
    process.kill()
    await group.remove()
    throw new Error(reason)
  }
}

/** Loads a store and closes it. Returns the duration of loading, in milliseconds. */
async function loadAndClose(
  store: string,
  scenario: Scenario,
  dir: string,
  workloads: readonly string[],
): Promise<number> {
  const group = createGroup()
  const process = new StoreProcess({ group })
  try {
    const unlimited: Scenario = { ...scenario, memory: 'unlimited', cacheBytes: LOADER_CACHE_BYTES }
    await process.initialize(store, unlimited, dir)
    const { loadMs } = await process.prepare(workloads)
    await process.finish()
    return loadMs
  } finally {
    process.kill()
    group.dropPageCache()
    await group.remove()
  }
}

/** Returns the reason of a failure. */
export function failureReason(error: unknown, group: MemoryGroup | undefined): string {
  const message = error instanceof Error ? error.message : String(error)
  const isOut = group !== undefined && group.killCount > 0
  return isOut ? `exceeded its memory limit (${message})` : message
}

function createGroup(): MemoryGroup {
  const group = MemoryGroup.create()
  if (typeof group === 'string') throw new Error(group)
  return group
}
