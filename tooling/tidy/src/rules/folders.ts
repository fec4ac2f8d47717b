import type { Finding } from '../finding.js'
import { importsOf } from '../source-file.js'
import type { SourceFile } from '../source-file.js'
import type { Package } from '../workspace.js'

/** How the sources of one package are layered. */
export interface FolderLayers {
  /** Folders of `src`, top down: a file imports from its own folder and from those after it. */
  readonly layers: readonly string[]
  /** Files at the root of `src` that folders may import. All others at the root are above every folder. */
  readonly ground: readonly string[]
}

/** The folders of each package, by its folder in the workspace. Type-only imports count. */
export const FOLDER_LAYERS: Readonly<Record<string, FolderLayers>> = {
  'packages/cli': {
    layers: [
      'commands',
      'inspect',
      'tree',
      'formats',
      'fields',
      'tables',
      'shell',
      'bench',
      'endpoint',
      'transfer',
      'data',
      'terminal',
    ],
    ground: [],
  },
  'packages/core': {
    layers: [
      'restore',
      'transfer',
      'backup',
      'verification',
      'renewal',
      'changes',
      'repair',
      'open',
      'archive',
      'maintenance',
      'expiry',
      'collection',
      'async',
      'streams',
      'calls',
      'recovery',
      'engine',
      'transaction',
      'write',
      'load',
      'commit',
      'space',
      'read',
      'keyspace',
      'values',
      'blob',
      'log',
      'health',
      'resident',
      'catalog',
      'encryption',
      'lines',
    ],
    ground: ['format'],
  },
  'packages/integrity': {
    layers: ['host', 'cipher', 'lz4'],
    ground: ['file-seed', 'format', 'seed64', 'unit-codec'],
  },
  'packages/blob': { layers: ['encoding'], ground: ['format'] },
  'packages/btree': {
    layers: [
      'checkpoint',
      'salvage',
      'verify',
      'write',
      'read',
      'compare',
      'pager',
      'dictionary',
      'extents',
      'file',
      'page',
      'space',
    ],
    ground: ['format', 'tree-status'],
  },
  'packages/cache': { layers: ['block'], ground: [] },
  'packages/lsm': {
    layers: [
      'salvage',
      'verify',
      'store',
      'worker',
      'compaction',
      'merge',
      'read',
      'empty',
      'version',
      'table',
      'memtable',
      'block',
      'entry',
    ],
    ground: ['format', 'key-hash', 'options'],
  },
  'packages/wal': { layers: ['read', 'write', 'segment'], ground: ['format', 'options', 'external-values'] },
  'packages/mvcc': { layers: ['conflict', 'transaction', 'read', 'records'], ground: ['options'] },
  'packages/base': {
    layers: ['salvage', 'batch', 'range', 'encoding', 'structured', 'bytes', 'host', 'leaks', 'signals'],
    ground: ['ldb-error', 'assert', 'limits', 'ordered-store', 'promise-like', 'own-options'],
  },
  'packages/etcd': { layers: ['driver', 'layout', 'client', 'messages', 'protobuf'], ground: [] },
  'packages/cluster': {
    layers: [
      'copy',
      'changes',
      'transaction',
      'write',
      'read',
      'keyspace',
      'calls',
      'values',
      'memory',
      'buffer',
      'host',
      'driver',
    ],
    ground: ['format', 'key-value-database'],
  },
  'packages/cluster-conformance': {
    layers: ['workload', 'cases', 'history', 'bed'],
    ground: ['conformance-case'],
  },
  'packages/studio': {
    layers: ['map', 'live'],
    ground: ['session', 'entry-text', 'request-fields'],
  },
  'packages/ffi': {
    layers: ['calls'],
    ground: ['arena', 'object-table', 'option-block', 'library-context', 'library-objects', 'status'],
  },
  'packages/postgres': { layers: ['transaction', 'watch', 'schema', 'session'], ground: [] },
  'packages/vfs': {
    layers: ['owned', 'pool', 'memory', 'host', 'node', 'environment', 'lock'],
    ground: [
      'vfs',
      'format',
      'file-error',
      'file-path',
      'resolve-path',
      'path-names',
      'byte-span',
      'directory-sync',
      'file-removal',
    ],
  },
  'tooling/formats': {
    layers: ['backup', 'database', 'lsm', 'tree', 'log', 'blob', 'encryption', 'bytes'],
    ground: [],
  },
  'apps/bench': {
    layers: [
      'commands',
      'trust',
      'report',
      'run',
      'probes',
      'workloads',
      'stores',
      'eviction',
      'peers',
      'model',
      'measure',
      'data',
    ],
    ground: [],
  },
  'apps/demo': { layers: ['scenes', 'crash', 'output', 'database'], ground: [] },
  'tooling/tidy': { layers: ['rules'], ground: ['finding', 'source-file', 'workspace'] },
  'tooling/testkit': {
    layers: [
      'deep',
      'cluster',
      'engine',
      'seeded',
      'registry',
      'report',
      'changes',
      'drivers',
      'points',
      'sweep',
      'fuzz',
      'outside',
      'recorded',
      'kill',
      'metamorphic',
      'history-checker',
      'subjects',
      'isolation',
      'model',
      'store',
      'crash',
      'corruption',
      'suite',
      'history',
      'trace',
      'vfs',
      'base',
    ],
    ground: [],
  },
}

/** Files of one folder that a listing shows at once, tests not counted. */
export const FOLDER_FILES_MAX = 16

/** Folders with more files, and why. */
export const LONG_FOLDERS: Readonly<Record<string, string>> = {}

/** Imports between folders point down, and a folder's listing stays short enough to read. */
export function checkFolders(
  subject: Package,
  table: Readonly<Record<string, FolderLayers>> = FOLDER_LAYERS,
  longFolders: Readonly<Record<string, string>> = LONG_FOLDERS,
): Finding[] {
  const sources = subject.files.filter((file) => file.role === 'source')
  const findings = checkListings(subject, sources, longFolders)
  const folders = new Set(sources.map(folderOf))
  folders.delete('')
  if (folders.size === 0) return findings
  const known = table[subject.folder]
  if (known === undefined) {
    return [...findings, { place: subject.folder, message: 'has folders and no row in FOLDER_LAYERS' }]
  }
  for (const folder of folders) {
    if (!known.layers.includes(folder))
      findings.push({ place: `${subject.folder}/src/${folder}`, message: 'is not in FOLDER_LAYERS' })
  }
  for (const folder of known.layers) {
    if (!folders.has(folder))
      findings.push({ place: subject.folder, message: `FOLDER_LAYERS names the absent folder ${folder}` })
  }
  for (const file of sources) findings.push(...checkImports(file, known))
  return findings
}

function checkListings(
  subject: Package,
  sources: readonly SourceFile[],
  longFolders: Readonly<Record<string, string>>,
): Finding[] {
  const counts = new Map<string, number>()
  for (const file of sources) {
    const folder = file.localPath.split('/').slice(0, -1).join('/')
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  return [...counts].flatMap(([folder, count]) => {
    const place = `${subject.folder}/${folder}`
    if (count <= FOLDER_FILES_MAX || longFolders[place] !== undefined) return []
    return [{ place, message: `${count} files, ${FOLDER_FILES_MAX} allowed: group them` }]
  })
}

function checkImports(file: SourceFile, { layers, ground }: FolderLayers): Finding[] {
  const from = folderOf(file)
  if (from === '') return []
  const findings: Finding[] = []
  for (const { specifier, line } of importsOf(file)) {
    if (!specifier.startsWith('.')) continue
    const target = resolve(file.localPath, specifier)
    const to = firstFolderOf(target)
    const place = `${file.path}:${line}`
    if (to === '') {
      const name = target.replace(/^src\//, '').replace(/\.[jt]s$/, '')
      if (!ground.includes(name)) findings.push({ place, message: `${from} is below ${name} at the root` })
    } else if (layers.indexOf(to) < layers.indexOf(from)) {
      findings.push({ place, message: `${from} is below ${to}` })
    }
  }
  return findings
}

/** Top folder of a source within `src`; empty at the root. */
function folderOf(file: SourceFile): string {
  return firstFolderOf(file.localPath)
}

function firstFolderOf(localPath: string): string {
  const steps = localPath.split('/')
  return steps.length > 2 ? (steps[1] as string) : ''
}

/** Returns the path, within the package, that a relative specifier leads to. */
export function resolve(from: string, specifier: string): string {
  const steps = from.split('/').slice(0, -1)
  for (const step of specifier.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '.') steps.push(step)
  }
  return steps.join('/')
}
