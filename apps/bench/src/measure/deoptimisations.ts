/** How often V8 discarded the optimised code of a function, for one reason. */
export interface Deoptimisation {
  readonly name: string
  readonly kind: string
  readonly reason: string
  readonly count: number
}

const LINE =
  /\[bailout \(kind: ([^,]+), reason: (.*?)\): begin\. deoptimizing 0x[0-9a-f]+ <JSFunction ?([^ >(]*)/g

/** Parses the output of `node --trace-deopt`; the most frequent first. */
export function deoptimisationsOf(output: string): Deoptimisation[] {
  const counts = new Map<string, Deoptimisation>()
  for (const [, kind = '', reason = '', name = ''] of output.matchAll(LINE)) {
    const key = `${name}\n${kind}\n${reason}`
    const count = (counts.get(key)?.count ?? 0) + 1
    counts.set(key, { name: name === '' ? '(anonymous)' : name, kind, reason, count })
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)
}
