import type { Finding } from '../finding.js'
import { resolve } from './folders.js'
import { importsOf } from '../source-file.js'
import type { Package } from '../workspace.js'

/** Cycles of files that stay, each as its sorted paths joined by a space, and why. */
export const KNOWN_CYCLES: Readonly<Record<string, string>> = {
  'packages/core/src/async-handle.ts packages/core/src/database.ts':
    'each of the two APIs of a database returns the other',
}

/** No file imports itself through others. Type-only imports count, which the linter's rule does not see. */
export function checkCycles(
  subject: Package,
  known: Readonly<Record<string, string>> = KNOWN_CYCLES,
): Finding[] {
  const targets = importGraph(subject)
  return stronglyConnected(targets)
    .map((cycle) => cycle.map((path) => `${subject.folder}/${path}`).sort())
    .filter((cycle) => known[cycle.join(' ')] === undefined)
    .map((cycle) => ({
      place: cycle[0] as string,
      message: `imports itself through ${cycle.slice(1).join(', ')}`,
    }))
}

/** The sources that each source imports, own `#subpath` imports included. */
function importGraph(subject: Package): Map<string, readonly string[]> {
  const sources = new Set(
    subject.files.filter(({ role }) => role === 'source').map(({ localPath }) => localPath),
  )
  const graph = new Map<string, readonly string[]>()
  for (const file of subject.files) {
    if (!sources.has(file.localPath)) continue
    const targets = importsOf(file)
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => resolve(file.localPath, specifier).replace(/\.js$/, '.ts'))
    graph.set(
      file.localPath,
      targets.filter((target) => sources.has(target)),
    )
  }
  return graph
}

/** Returns the sets of more than one file that reach each other (Tarjan 1972). */
function stronglyConnected(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (node: string): void => {
    order.set(node, order.size)
    low.set(node, order.get(node) as number)
    stack.push(node)
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (stack.includes(next)) low.set(node, Math.min(low.get(node) as number, low.get(next) as number))
    }
    if (low.get(node) !== order.get(node)) return
    const component = stack.splice(stack.indexOf(node))
    if (component.length > 1) found.push(component)
  }
  for (const node of graph.keys()) if (!order.has(node)) visit(node)
  return found
}
