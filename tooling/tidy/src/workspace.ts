import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

import { parseSource } from './source-file.js'
import type { SourceFile } from './source-file.js'

/** The fields of a package.json that rules look at. */
export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly license?: string
  readonly type?: string
  readonly sideEffects?: boolean
  readonly engines?: Readonly<Record<string, string>>
  readonly keywords?: readonly string[]
  readonly homepage?: string
  readonly bugs?: string
  readonly repository?: { readonly directory?: string }
  readonly main?: string
  readonly types?: string
  readonly exports?: Readonly<Record<string, unknown>>
  readonly imports?: Readonly<Record<string, object>>
  readonly files?: readonly string[]
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A package of the workspace, read whole. */
export interface Package {
  readonly name: string
  /** Folder from the root: `packages/wal`. */
  readonly folder: string
  readonly manifest: Manifest
  readonly files: readonly SourceFile[]
  /** Markdown files at its top, by name. */
  readonly documents: ReadonlyMap<string, string>
  /** `compilerOptions` left out: the projects that tsconfig.json refers to, by folder name. */
  readonly references: readonly string[]
}

/** Root of the workspace. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url))

const SKIPPED_FOLDERS = new Set([
  'node_modules',
  'dist',
  'lib',
  'docs',
  'site',
  'coverage',
  'fixtures',
  '.results',
  '.turbo',
])

/** Reads every package in `packages`. */
export function publicPackages(root: string = ROOT): Package[] {
  return readGroup(root, 'packages')
}

/** Reads every app and tool. */
export function privatePackages(root: string = ROOT): Package[] {
  return [...readGroup(root, 'apps'), ...readGroup(root, 'tooling')]
}

/** Every file below a folder whose name ends so, as paths from the root. */
export function filesBelow(root: string, folder: string, endings: readonly string[]): string[] {
  const found: string[] = []
  const walk = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name) && entry.name !== '.git') walk(path)
      } else if (endings.some((ending) => entry.name.endsWith(ending))) {
        found.push(relative(root, path).split(sep).join('/'))
      }
    }
  }
  if (existsSync(join(root, folder))) walk(join(root, folder))
  return found.sort()
}

function readGroup(root: string, group: string): Package[] {
  if (!existsSync(join(root, group))) return []
  return readdirSync(join(root, group))
    .sort()
    .filter((name) => existsSync(join(root, group, name, 'package.json')))
    .map((name) => readPackage(root, `${group}/${name}`))
}

function readPackage(root: string, folder: string): Package {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
  const files = filesBelow(root, folder, ['.ts'])
    .filter((path) => !path.endsWith('.config.ts'))
    .map((path) => parseSource(folder, path.slice(folder.length + 1), readFileSync(join(root, path), 'utf8')))
  const documents = new Map<string, string>()
  for (const name of readdirSync(join(root, folder))) {
    if (name.endsWith('.md')) documents.set(name, readFileSync(join(root, folder, name), 'utf8'))
  }
  return { name: manifest.name, folder, manifest, files, documents, references: readReferences(root, folder) }
}

function readReferences(root: string, folder: string): string[] {
  const path = join(root, folder, 'tsconfig.json')
  if (!existsSync(path)) return []
  const config = JSON.parse(readFileSync(path, 'utf8')) as { references?: { path: string }[] }
  return (config.references ?? []).map((reference) => reference.path.replace(/^\.\.\//, ''))
}
