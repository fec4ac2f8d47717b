import type { Finding } from '../finding.js'
import { importsOf } from '../source-file.js'
import type { SourceFile } from '../source-file.js'
import type { Package } from '../workspace.js'

/** Which package may stand on which: the picture of the house. Type-only imports count. */
export const ALLOWED_ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  vfs: ['base'],
  integrity: ['base', 'vfs'],
  cache: ['base', 'vfs', 'integrity'],
  wal: ['base', 'vfs', 'integrity'],
  blob: ['base', 'vfs', 'integrity'],
  mvcc: ['base', 'vfs', 'integrity'],
  btree: ['base', 'vfs', 'integrity', 'cache'],
  lsm: ['base', 'vfs', 'integrity', 'cache'],
  core: ['base', 'vfs', 'integrity', 'cache', 'wal', 'blob', 'mvcc', 'btree', 'lsm'],
  cluster: ['base'],
  'cluster-conformance': ['base', 'cluster'],
  etcd: ['base', 'cluster'],
  postgres: ['base', 'cluster'],
  studio: ['base', 'core'],
  cli: ['base', 'vfs', 'integrity', 'core', 'cluster', 'studio'],
  level: ['base', 'core'],
  keyv: ['base', 'core'],
  unstorage: ['base', 'core'],
  ffi: ['base', 'vfs', 'core'],
}

/** Packages of others that shipped code may import. */
export const ALLOWED_OUTSIDERS: Readonly<Record<string, readonly string[]>> = {
  integrity: ['@noble/ciphers', '@noble/hashes', '@node-rs/xxhash', 'fflate'],
  level: ['abstract-level'],
  postgres: ['pg'],
  cli: ['cli-progress', 'commander', 'csv-parse', 'csv-stringify', 'picocolors'],
}

/**
 * Arrows point down only, go to a package and not into it, and stand in package.json: no more of them there than
 * are used, and no fewer.
 */
export function checkArrows(subject: Package): Finding[] {
  const name = shortName(subject.name)
  const allowed = ALLOWED_ARROWS[name]
  if (allowed === undefined) {
    return [{ place: subject.folder, message: `${subject.name} has no row in the table of arrows` }]
  }
  const declared = new Set(Object.keys(subject.manifest.dependencies ?? {}))
  const declaredForTests = new Set([...declared, ...Object.keys(subject.manifest.devDependencies ?? {})])
  const findings: Finding[] = []
  const used = new Set<string>()
  for (const file of subject.files) {
    for (const { specifier, line } of importsOf(file)) {
      const place = `${file.path}:${line}`
      const message = checkRelative(file, specifier) ?? checkDepth(specifier)
      if (message !== undefined) findings.push({ place, message })
      const target = packageOf(specifier)
      if (target === undefined) continue
      if (file.role === 'source') used.add(target)
      const known = file.role === 'source' ? declared : declaredForTests
      if (target !== subject.name && !known.has(target)) {
        findings.push({ place, message: `imports ${target}, which package.json does not name` })
      }
    }
  }
  const place = `${subject.folder}/package.json`
  for (const target of declared) {
    const inHouse = target.startsWith('@ldb/')
    const permitted = inHouse
      ? allowed.includes(shortName(target))
      : ALLOWED_OUTSIDERS[name]?.includes(target)
    if (permitted !== true) findings.push({ place, message: `${subject.name} must not stand on ${target}` })
    if (!used.has(target))
      findings.push({ place, message: `${target} is a dependency that no source imports` })
  }
  return findings
}

function checkRelative(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const steps = file.localPath.split('/').slice(0, -1)
  for (const step of specifier.split('/')) {
    if (step === '.') continue
    if (step !== '..') steps.push(step)
    else if (steps.pop() === undefined) return `'${specifier}' reaches out of the package`
  }
  if (file.role === 'source' && steps[0] !== 'src') return `'${specifier}' reaches out of src`
  return undefined
}

function checkDepth(specifier: string): string | undefined {
  if (!specifier.startsWith('@ldb/')) return undefined
  const [, , ...inside] = specifier.split('/')
  if (inside.length === 0 || inside.join('/') === 'format') return undefined
  return `'${specifier}' is a private file of another package`
}

/** Name of the package that an import goes to; `undefined` for own files and for Node's modules. */
function packageOf(specifier: string): string | undefined {
  if (/^(?:\.|#|node:)/.test(specifier)) return undefined
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function shortName(name: string): string {
  return name.replace(/^@ldb\//, '')
}
