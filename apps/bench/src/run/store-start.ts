import { MemoryGroup } from '../measure/memory-group.js'
import type { Prepared } from './messages.js'
import type { Scenario } from '../model/scenario.js'
import { StoreProcess } from './store-process.js'

const MEBIBYTE = 2 ** 20
/** Memory that a builder may use: its time is not measured. */
const LOADER_CACHE_BYTES = 512 * MEBIBYTE
/** By this much the heap of V8 may grow in a process that is held to its memory, with the stacks of threads. */
const READER_GROWTH_BYTES = 12 * MEBIBYTE
/** A writer has batches as well, of a mebibyte each. */
const WRITER_GROWTH_BYTES = 32 * MEBIBYTE
/** A young generation of one MiB: left to itself it takes tens, which are worth more as copies of files. */
const FLAGS = ['--max-semi-space-size=1']

/** A store in a process of its own, ready for its first round. */
export interface StartedStore {
  readonly process: StoreProcess
  readonly prepared: Prepared
  /** The memory that it is held to. */
  readonly group?: MemoryGroup
}

/** Starts the process of a store and has it open and loaded. Where it fails, nothing of it is left but files in `dir`. */
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
 * Holds a store to its memory. Another process, which is not held to any, loads it, and the system forgets what it has
 * kept of the files meanwhile: pages that were counted there would be free of charge here. What the process has before it
 * opens the store comes on top, as does room for the growth of the runtime.
 */
async function startLimited(
  store: string,
  scenario: Scenario,
  dir: string,
  workloads: readonly string[],
): Promise<StartedStore> {
  const isLoaded = scenario.contents === 'loaded'
  const loadMs = isLoaded ? await loadAndClose(store, scenario, dir, workloads) : 0
  const group = makeGroup()
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

/** Loads a store and closes it; gives the milliseconds that loading took. */
async function loadAndClose(
  store: string,
  scenario: Scenario,
  dir: string,
  workloads: readonly string[],
): Promise<number> {
  const group = makeGroup()
  const process = new StoreProcess({ group })
  try {
    const roomy: Scenario = { ...scenario, memory: 'unlimited', cacheBytes: LOADER_CACHE_BYTES }
    await process.initialize(store, roomy, dir)
    const { loadMs } = await process.prepare(workloads)
    await process.finish()
    return loadMs
  } finally {
    process.kill()
    group.dropPageCache()
    await group.remove()
  }
}

/** Says why a process failed. */
export function failureReason(error: unknown, group: MemoryGroup | undefined): string {
  const message = error instanceof Error ? error.message : String(error)
  const isOut = group !== undefined && group.killCount > 0
  return isOut ? `ran out of the memory that it was held to (${message})` : message
}

function makeGroup(): MemoryGroup {
  const made = MemoryGroup.create()
  if (typeof made === 'string') throw new Error(made)
  return made
}
