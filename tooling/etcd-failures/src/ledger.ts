import type { ClusterDriver, DriverKeyspace, DriverWatch, Marker, Version } from '@ldb/cluster'
import { decode, resolve } from './workload.js'
import type { ClientReport } from './workload.js'

/** What was found. */
export interface LedgerResult {
  readonly acknowledged: number
  readonly unknown: number
  readonly changes: number
  /** Each is a violation. */
  readonly problems: readonly string[]
}

interface Write {
  readonly marker: Marker
  readonly counter: string | undefined
  outcome: 'applied' | 'notApplied' | undefined
}

/** Collects what clients report and what a watch sees, and compares both with what the database has in the end. */
export class Ledger {
  readonly #writes: Map<string, Write> = new Map()
  readonly #problems: string[] = []
  /** Values of each key in the order in which the watch has reported them. */
  readonly #seen: Map<string, string[]> = new Map()
  #unknown = 0
  #applied = 0
  #changes = 0
  #version: Version | undefined = undefined

  /** Takes note of what a client reports. */
  report(line: ClientReport): void {
    if (line.kind === 'try') {
      this.#writes.set(line.name, { marker: line.marker, counter: line.counter, outcome: undefined })
      return
    }
    if (line.wasUnknown) this.#unknown++
    if (line.kind === 'applied') this.#applied++
    const write = this.#writes.get(line.name)
    if (write !== undefined) write.outcome = line.kind
  }

  /** Number of writes that were acknowledged, or found to be applied. */
  get applied(): number {
    return this.#applied
  }

  /** Takes note of what a watch reports, until it is closed. */
  async follow(driver: ClusterDriver, watch: DriverWatch): Promise<void> {
    for (let commit = await watch.next(); commit !== undefined; commit = await watch.next()) {
      const { version } = commit
      if (this.#version !== undefined && driver.compareVersions(this.#version, version) >= 0) {
        this.#problems.push(`the watch reports ${version} after ${this.#version}`)
      }
      this.#version = version
      for (const change of commit.changes) {
        if (change.kind !== 'put') {
          this.#problems.push(`the watch reports a ${change.kind}`)
          continue
        }
        this.#changes++
        const key = decode(change.key)
        const values = this.#seen.get(key) ?? []
        values.push(decode(change.value))
        this.#seen.set(key, values)
      }
    }
  }

  /** Waits until the watch has reported everything up to a version. */
  async reach(driver: ClusterDriver, version: Version, timeoutMs: number): Promise<void> {
    const endMs = Date.now() + timeoutMs
    while (this.#version === undefined || driver.compareVersions(this.#version, version) < 0) {
      if (Date.now() > endMs) throw new Error(`the watch has not reached ${version}, but ${this.#version}`)
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  /** Decides the writes of clients that were killed before they knew the outcome. */
  async resolveRest(driver: ClusterDriver): Promise<void> {
    for (const write of this.#writes.values()) {
      if (write.outcome !== undefined) continue
      this.#unknown++
      write.outcome = await resolve(driver, write.marker)
      if (write.outcome === 'applied') this.#applied++
    }
  }

  /** Compares everything with the newest state. */
  async compare(driver: ClusterDriver, keyspace: DriverKeyspace): Promise<LedgerResult> {
    const entries = await readAll(driver, keyspace)
    const increments = new Map<string, number>()
    for (const [name, { outcome, counter }] of this.#writes) {
      const key = `unique ${name}`
      const expected = outcome === 'applied' ? 1 : 0
      if (expected === 1 && counter !== undefined) increments.set(counter, (increments.get(counter) ?? 0) + 1)
      if (entries.has(key) !== (expected === 1))
        this.#problems.push(`${key} is ${outcome}, and in the database: ${entries.has(key)}`)
      const seen = this.#seen.get(key)?.length ?? 0
      if (seen !== expected)
        this.#problems.push(`${key} is ${outcome}, and the watch has reported it ${seen} times`)
    }
    for (const [key, value] of entries) {
      if (key.startsWith('unique ') && !this.#writes.has(key.slice('unique '.length)))
        this.#problems.push(`${key} was not written`)
      if (!key.startsWith('counter ')) continue
      const expected = increments.get(key) ?? 0
      if (Number(value) !== expected) this.#problems.push(`${key} is ${value} after ${expected} increments`)
      const seen = this.#seen.get(key) ?? []
      const wrong = seen.findIndex((each, index) => Number(each) !== index + 1)
      if (wrong !== -1 || seen.length !== expected)
        this.#problems.push(`the watch has reported ${seen.length} values of ${key}, in order up to ${wrong}`)
    }
    return {
      acknowledged: this.applied,
      unknown: this.#unknown,
      changes: this.#changes,
      problems: this.#problems,
    }
  }
}

async function readAll(driver: ClusterDriver, keyspace: DriverKeyspace): Promise<Map<string, string>> {
  const entries = new Map<string, string>()
  const snapshot = driver.begin({ mode: 'readOnly', isolation: 'serializable', isSingleRead: false })
  let lower: Uint8Array | undefined
  for (let hasMore = true; hasMore;) {
    const request = { keyspace, lower, upper: undefined, reverse: false, limit: 1000, valueBytes: Infinity }
    const page = await snapshot.range(request, { timeoutMs: 20_000 })
    for (const { key, value } of page.entries) entries.set(decode(key), decode(value))
    const last = page.entries.at(-1)
    if (last === undefined) break
    lower = new Uint8Array([...last.key, 0])
    hasMore = page.hasMore
  }
  return entries
}
