/** The cost of a function without its callees. */
export interface SelfCost {
  readonly name: string
  /** File and line. */
  readonly location: string
  /** Microseconds, or bytes. */
  readonly cost: number
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

/** The used part of a .cpuprofile file. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

/** The used part of a .heapprofile file. */
export interface HeapProfile {
  readonly head: HeapNode
}

interface HeapNode {
  readonly callFrame: CallFrame
  readonly selfSize: number
  readonly children: readonly HeapNode[]
}

/** Returns the self time of each function in microseconds, the largest first. */
export function selfTimes({ nodes, samples = [], timeDeltas = [] }: CpuProfile): SelfCost[] {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const costs = new CostTable()
  samples.forEach((id, location) => {
    const frame = frames.get(id)
    if (frame !== undefined) costs.add(frame, timeDeltas[location] ?? 0)
  })
  return costs.sorted()
}

/** Returns the bytes that each function allocated itself, the largest first. */
export function selfBytes({ head }: HeapProfile): SelfCost[] {
  const costs = new CostTable()
  const walk = ({ callFrame, selfSize, children }: HeapNode): void => {
    if (selfSize > 0) costs.add(callFrame, selfSize)
    children.forEach(walk)
  }
  walk(head)
  return costs.sorted()
}

class CostTable {
  readonly #byFunction = new Map<string, { name: string; location: string; cost: number }>()

  add({ functionName, url, lineNumber }: CallFrame, cost: number): void {
    const name = functionName === '' ? '(anonymous)' : functionName
    const location = url === '' ? '' : `${shortened(url)}:${lineNumber + 1}`
    const known = this.#byFunction.get(`${name} ${location}`)
    if (known === undefined) this.#byFunction.set(`${name} ${location}`, { name, location, cost })
    else known.cost += cost
  }

  sorted(): SelfCost[] {
    return [...this.#byFunction.values()].sort((a, b) => b.cost - a.cost)
  }
}

/** Returns the last three parts of a path. */
function shortened(url: string): string {
  return url.split('/').slice(-3).join('/')
}
