import { Violation } from '../base/violation.js'
import { scannedPart } from './recorded-history.js'
import type { RecordedHistory, RecordedTransaction } from './recorded-history.js'
import type { VersionTable } from './version-table.js'

/** Kinds of dependency: write-write, write-read, read-write (anti-dependency), real time. */
type EdgeKind = 'ww' | 'wr' | 'rw' | 'time'

/** A graph in arrays. A node is a transaction or a point in time. */
class Graph {
  readonly targets: number[][] = []
  readonly kinds: EdgeKind[][] = []

  constructor(nodeCount: number) {
    for (let node = 0; node < nodeCount; node++) {
      this.targets.push([])
      this.kinds.push([])
    }
  }

  add(source: number, target: number, kind: EdgeKind): void {
    if (source === target) return
    this.targets[source]!.push(target)
    this.kinds[source]!.push(kind)
  }
}

/**
 * Checks a history for strict serializability: builds the direct serialization graph of the committed transactions
 * from their reads and the version order, and searches it for a cycle.
 *
 * @remarks Edges: from the writer of a version to the writer of the next (ww), from the writer to a reader of its
 * version (wr), from a reader to the writer of the next version (rw), and from a transaction to every transaction
 * that began after its end (time). A scan reads the absence of each absent key in its range. Time edges lead over a
 * chain of time points, so that their number stays linear.
 * @returns the number of edges.
 * @throws Violation with a cycle.
 */
export function checkSerializable(history: RecordedHistory, table: VersionTable): number {
  const committed = history.transactions.filter(({ outcome }) => outcome === 'committed')
  const nodes = new Map(committed.map((transaction, index) => [transaction, index]))
  const timePoints = committed.map(({ endedAt }) => endedAt).sort((a, b) => a - b)
  const graph = new Graph(committed.length + timePoints.length)
  const nodeOf = (commit: number): number | undefined => {
    const writer = history.commits[commit - 1]
    return writer === undefined ? undefined : nodes.get(writer)
  }
  for (const versions of table.versions.values()) {
    for (let index = 2; index < versions.length; index++) {
      graph.add(nodeOf(versions[index - 1]!.commit)!, nodeOf(versions[index]!.commit)!, 'ww')
    }
  }
  for (const [transaction, node] of nodes) {
    for (const [name, value] of observedVersions(transaction, table)) {
      const versions = table.versions.get(name) ?? []
      const index = table.observed(name, value, transaction.start)
      if (index < 0) throw new Violation(`${transaction.id} did not find ${name}, which was always present`)
      const writer = nodeOf(versions[index]!.commit)
      if (writer !== undefined) graph.add(writer, node, 'wr')
      const next = versions[index + 1]
      if (next !== undefined) graph.add(node, nodeOf(next.commit)!, 'rw')
    }
  }
  addTime(graph, nodes, timePoints)
  const cycle = findCycle(graph)
  if (cycle !== undefined) throw new Violation(describeCycle(cycle, graph, committed))
  return graph.targets.reduce((sum, targets) => sum + targets.length, 0)
}

/** Returns the versions that a transaction read from its snapshot, without its own writes. */
function observedVersions(
  transaction: RecordedTransaction,
  table: VersionTable,
): [string, string | undefined][] {
  const own = new Set<string>()
  const seen: [string, string | undefined][] = []
  const see = (name: string, value: string | undefined): void => {
    if (!own.has(name)) seen.push([name, value])
  }
  for (const event of transaction.events) {
    if (event.do === 'put' || event.do === 'delete') own.add(event.name)
    else if (event.do === 'get' || event.do === 'lock') see(event.name, event.value)
    else if (event.do === 'deleteRange') {
      for (const name of table.namesOf(event.keyspace)) {
        const key = name.slice(event.keyspace.length + 1)
        if (key >= event.gte && key < event.lt) own.add(name)
      }
    } else {
      const { covers } = scannedPart(event)
      const found = new Map(event.entries)
      for (const name of table.namesOf(event.keyspace)) {
        const key = name.slice(event.keyspace.length + 1)
        if (covers(key)) see(name, found.get(key))
      }
    }
  }
  return seen
}

/** Adds an edge from each transaction to the point of its end, and from the last point before its begin to it. */
function addTime(
  graph: Graph,
  nodes: ReadonlyMap<RecordedTransaction, number>,
  timePoints: readonly number[],
): void {
  const first = nodes.size
  const indices = new Map(timePoints.map((point, index) => [point, index]))
  for (let index = 1; index < timePoints.length; index++) graph.add(first + index - 1, first + index, 'time')
  for (const [{ beganAt, endedAt }, node] of nodes) {
    graph.add(node, first + (indices.get(endedAt) ?? 0), 'time')
    let low = 0
    let high = timePoints.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (timePoints[middle]! < beganAt) low = middle + 1
      else high = middle
    }
    if (low > 0) graph.add(first + low - 1, node, 'time')
  }
}

/** Returns the nodes of a strongly connected component with more than one node (Tarjan's algorithm, iterative). */
function findCycle({ targets }: Graph): number[] | undefined {
  const order = new Int32Array(targets.length).fill(-1)
  const low = new Int32Array(targets.length)
  const onStack = new Uint8Array(targets.length)
  const nextEdge = new Int32Array(targets.length)
  const stack: number[] = []
  const path: number[] = []
  let count = 0
  for (let root = 0; root < targets.length; root++) {
    if (order[root] !== -1) continue
    path.push(root)
    while (path.length > 0) {
      const node = path.at(-1)!
      if (order[node] === -1) {
        order[node] = low[node] = count++
        stack.push(node)
        onStack[node] = 1
      }
      const target = targets[node]![nextEdge[node]!++]
      if (target !== undefined) {
        if (order[target] === -1) path.push(target)
        else if (onStack[target] === 1) low[node] = Math.min(low[node]!, order[target]!)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!)
      if (low[node] !== order[node]) continue
      const component = stack.splice(stack.lastIndexOf(node))
      for (const member of component) onStack[member] = 0
      if (component.length > 1) return component
    }
  }
  return undefined
}

/** Returns a description of the shortest cycle through a node of a component. */
function describeCycle(
  component: readonly number[],
  graph: Graph,
  committed: readonly RecordedTransaction[],
): string {
  const members = new Set(component)
  const start = component.find((node) => node < committed.length) ?? component[0]!
  const parents = new Map<number, readonly [from: number, kind: EdgeKind]>()
  const queue = [start]
  for (const node of queue) {
    graph.targets[node]!.forEach((target, index) => {
      if (!members.has(target) || parents.has(target)) return
      parents.set(target, [node, graph.kinds[node]![index]!])
      queue.push(target)
    })
    if (parents.has(start)) break
  }
  const steps: string[] = []
  let node = start
  do {
    const [from, kind] = parents.get(node)!
    if (kind !== 'time' || from < committed.length) {
      steps.unshift(`${from < committed.length ? `T${committed[from]!.id}` : 'later'} -${kind}->`)
    }
    node = from
  } while (node !== start)
  return `serialization cycle: ${steps.join(' ')} T${committed[start]!.id}`
}
