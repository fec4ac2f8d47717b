import { Violation } from '../bed/violation.js'
import type { AppendTransaction } from './append-history.js'

/** Kinds of dependency: write-write, write-read, read-write (anti-dependency), real time. */
type EdgeKind = 'ww' | 'wr' | 'rw' | 'time'

interface Edge {
  readonly target: number
  readonly kind: EdgeKind
}

/**
 * Checks a list-append history for strict serializability: builds the serialization graph of the committed transactions, and searches it for a cycle.
 *
 * @remarks The final lists are the version order. Edges: from an append to the next one of the list (ww), from an append to a transaction that read it last (wr), from a
 * reader to the append after what it read (rw), and from a transaction to each one that began after its end (time), through a chain of time points.
 * @param finals - the lists after all transactions, by key.
 * @returns the number of transactions in the graph: an unknown one is in it when one of its appends is in a list.
 * @throws Violation for a lost, repeated or partial append, for a read that is no prefix of the final list, and with a cycle.
 */
export function checkHistory(
  history: readonly AppendTransaction[],
  finals: ReadonlyMap<string, readonly number[]>,
): number {
  const present = appliedTransactions(history, finals)
  const writers = new Map<number, number>()
  for (const [node, { appends }] of present.entries())
    for (const appended of appends.values()) writers.set(appended, node)
  const ends = present.map(({ outcome, endedAt }) => (outcome === 'committed' ? endedAt : Infinity))
  const times = [...new Set(ends)].filter((time) => time !== Infinity).sort((a, b) => a - b)
  const edges: Edge[][] = Array.from({ length: present.length + times.length }, () => [])
  const add = (source: number | undefined, target: number | undefined, kind: EdgeKind): void => {
    if (source !== undefined && target !== undefined && source !== target)
      edges[source]?.push({ target, kind })
  }
  for (const list of finals.values()) {
    for (const [index, appended] of list.entries())
      if (index > 0) add(writers.get(list[index - 1] as number), writers.get(appended), 'ww')
  }
  for (const [node, { reads }] of present.entries()) {
    for (const [key, read] of reads) {
      const final = finals.get(key) ?? []
      if (read.some((appended, index) => appended !== final[index]))
        throw new Violation(
          `a read of ${key} is no prefix of the final list: ${read.join()} of ${final.join()}`,
        )
      const last = read.at(-1)
      if (last !== undefined) add(writers.get(last), node, 'wr')
      const next = final[read.length]
      if (next !== undefined) add(node, writers.get(next), 'rw')
    }
  }
  addTime(present, ends, times, add)
  assertAcyclic(edges, present)
  return present.length
}

/** Returns the transactions whose effects are in the final lists. @throws Violation for lost, repeated and partial ones. */
function appliedTransactions(
  history: readonly AppendTransaction[],
  finals: ReadonlyMap<string, readonly number[]>,
): AppendTransaction[] {
  const found = new Set<number>()
  for (const [key, list] of finals) {
    for (const appended of list) {
      if (found.has(appended)) throw new Violation(`${appended} was appended twice to ${key}`)
      found.add(appended)
    }
  }
  return history.filter(({ outcome, appends }) => {
    const applied = [...appends.values()].filter((appended) => found.has(appended))
    if (applied.length !== 0 && applied.length !== appends.size)
      throw new Violation(`a transaction was applied in part: ${[...appends.values()].join()}`)
    if (outcome === 'committed' && applied.length !== appends.size)
      throw new Violation(`the acknowledged appends ${[...appends.values()].join()} are lost`)
    return outcome === 'committed' || applied.length > 0
  })
}

/** Orders each transaction behind those that ended before it began. A point in time is a node: the number of edges stays linear. */
function addTime(
  present: readonly AppendTransaction[],
  ends: readonly number[],
  times: readonly number[],
  add: (source: number | undefined, target: number | undefined, kind: EdgeKind) => void,
): void {
  const nodeOf = (index: number): number => present.length + index
  for (let index = 1; index < times.length; index++) add(nodeOf(index - 1), nodeOf(index), 'time')
  const indexOf = new Map(times.map((time, index) => [time, index]))
  for (const [node, { beganAt }] of present.entries()) {
    const end = indexOf.get(ends[node] as number)
    if (end !== undefined) add(node, nodeOf(end), 'time')
    let latest = -1
    for (let low = 0, high = times.length - 1; low <= high;) {
      const middle = (low + high) >>> 1
      if ((times[middle] as number) < beganAt) low = (latest = middle) + 1
      else high = middle - 1
    }
    if (latest >= 0) add(nodeOf(latest), node, 'time')
  }
}

/** Searches depth first, without recursion. @throws Violation with the kinds of the edges of a cycle. */
function assertAcyclic(edges: readonly (readonly Edge[])[], present: readonly AppendTransaction[]): void {
  const state = new Uint8Array(edges.length)
  for (let root = 0; root < edges.length; root++) {
    if (state[root] !== 0) continue
    const path: { readonly node: number; next: number }[] = [{ node: root, next: 0 }]
    state[root] = 1
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const edge = edges[top.node]?.[top.next++]
      if (edge === undefined) {
        state[top.node] = 2
        path.pop()
      } else if (state[edge.target] === 1) throw cycleOf(path, edge, present)
      else if (state[edge.target] === 0) {
        state[edge.target] = 1
        path.push({ node: edge.target, next: 0 })
      }
    }
  }
}

function cycleOf(
  path: readonly { readonly node: number }[],
  { target, kind }: Edge,
  present: readonly AppendTransaction[],
): Violation {
  const cycle = path.slice(path.findIndex(({ node }) => node === target))
  const names = cycle.flatMap(({ node }) => {
    const transaction = present[node]
    if (transaction === undefined) return []
    const { appends, reads } = transaction
    const texts = [...reads].map(([key, list]) => `${key}:${list.length}`)
    return [
      `[read ${texts.join(' ')}; append ${[...appends].map(([key, value]) => `${key}:${value}`).join(' ')}]`,
    ]
  })
  return new Violation(`the history is not serializable: ${names.join(' -> ')} -${kind}-> the first`)
}
