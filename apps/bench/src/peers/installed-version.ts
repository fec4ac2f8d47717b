import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { peerFolder } from './packages.js'
import type { StoreEntry } from '../model/store-list.js'

/** Returns the version of a store. */
export function versionOf({ id, packageName }: StoreEntry): string {
  if (packageName !== undefined)
    return manifestVersion(join(peerFolder(packageName), 'node_modules', packageName, 'package.json'))
  if (id === 'ldb' || id === 'ldb-btree')
    return manifestVersion(createRequire(import.meta.url).resolve('@ldb/core/package.json'))
  return `Node ${process.versions.node}`
}

function manifestVersion(path: string): string {
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
