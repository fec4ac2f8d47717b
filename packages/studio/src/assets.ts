import { readFile } from 'node:fs/promises'

/** A file of the page. */
export interface Asset {
  readonly type: string
  readonly content: Uint8Array
}

const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'app.css': 'text/css; charset=utf-8',
}

/** Reads the built page, by path of the request. */
export async function loadAssets(): Promise<ReadonlyMap<string, Asset>> {
  const assets = new Map<string, Asset>()
  for (const [name, type] of Object.entries(TYPES)) {
    // The same path from a source and from a bundle.
    const content = await readFile(new URL(`../lib/page/${name}`, import.meta.url))
    assets.set(name === 'index.html' ? '/' : `/${name}`, { type, content })
  }
  return assets
}
