import type { Finding } from '../finding.js'

/** A document without what stands in code fences; line numbers are kept. */
export function withoutFences(text: string): string {
  let fenced = false
  return text
    .split('\n')
    .map((line) => {
      const fence = /^\s*```/.test(line)
      if (fence) fenced = !fenced
      return fence || fenced ? '' : line
    })
    .join('\n')
}

/** Examples of a document: the contents of its ```ts fences. */
export function examplesOf(text: string): string[] {
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? '')
}

/** Exactly one title, and it stands first. */
export function checkTitle(path: string, text: string): Finding[] {
  const titles = withoutFences(text)
    .split('\n')
    .filter((line) => line.startsWith('# '))
  if (titles.length !== 1) return [{ place: path, message: `has ${titles.length} titles, not one` }]
  if (!text.startsWith('# ')) return [{ place: path, message: 'does not begin with its title' }]
  return []
}

/** Links and paths within the house lead somewhere. `exists` takes a path from the root. */
export function checkLinks(path: string, text: string, exists: (path: string) => boolean): Finding[] {
  const folder = path.split('/').slice(0, -1)
  const findings: Finding[] = []
  for (const [, target = ''] of withoutFences(text).matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    if (!exists(join(folder, target)))
      findings.push({ place: path, message: `links to ${target}, which is not there` })
  }
  for (const [, target = ''] of withoutFences(text).matchAll(/`((?:packages|apps|tooling)\/[\w./-]+)`/g)) {
    if (!exists(target)) findings.push({ place: path, message: `names ${target}, which is not there` })
  }
  return findings
}

function join(folder: readonly string[], target: string): string {
  const steps = [...folder]
  for (const step of target.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '.' && step !== '') steps.push(step)
  }
  return steps.join('/')
}
