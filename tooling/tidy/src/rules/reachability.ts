import type { Finding } from '../finding.js'
import { importsOf } from '../source-file.js'
import type { Package } from '../workspace.js'

/** Every source is imported, from the index on, or from an entry that package.json names. Tests do not count. */
export function checkReachability(subject: Package): Finding[] {
  const sources = new Map(
    subject.files.filter((file) => file.role === 'source').map((file) => [file.localPath, file]),
  )
  const reached = new Set<string>()
  const subpaths = new Map(
    Object.entries(subject.manifest.imports ?? {}).map(([key, to]) => [key, sourcesIn(to)]),
  )
  const queue = ['src/index.ts', 'src/main.ts', ...sourcesIn(subject.manifest.exports)]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = sources.get(path)
    if (file === undefined || reached.has(path)) continue
    reached.add(path)
    for (const { specifier } of importsOf(file)) {
      if (specifier.startsWith('.')) queue.push(resolve(path, specifier))
      else queue.push(...(subpaths.get(specifier) ?? []))
    }
    queue.push(...workersOf(file.text, path))
  }
  return [...sources.values()]
    .filter((file) => !reached.has(file.localPath))
    .map((file) => ({ place: file.path, message: 'no file imports it' }))
}

/** Sources behind an entry of package.json, whatever its conditions; built files stand for what they are built of. */
function sourcesIn(entry: unknown): string[] {
  if (typeof entry === 'string') {
    return [
      entry
        .replace(/^\.\//, '')
        .replace(/^dist\//, 'src/')
        .replace(/(?:\.d\.ts|\.js)$/, '.ts'),
    ]
  }
  return typeof entry === 'object' && entry !== null ? Object.values(entry).flatMap(sourcesIn) : []
}

/** Files that are started, not imported: `new URL('../child.js', import.meta.url)`. */
function workersOf(text: string, path: string): string[] {
  return [...text.matchAll(/new URL\('(\.[^']+\.[jt]s)', import\.meta\.url\)/g)].map(([, target]) =>
    resolve(path, target!),
  )
}

function resolve(from: string, specifier: string): string {
  const steps = from.split('/').slice(0, -1)
  for (const step of specifier.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '.') steps.push(step)
  }
  return steps.join('/').replace(/\.js$/, '.ts')
}
