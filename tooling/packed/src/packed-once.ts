import type { TestProject } from 'vitest/node'
import { dropConsumer, makeConsumer, publicPackages } from './consumer.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where all packages are installed: copy it, because other files of tests use it. */
    readonly packed: { readonly folder: string; readonly tarballs: [name: string, path: string][] }
  }
}

/** Packs and installs the packages once for all files of tests. Vitest calls what is named `setup`. */
export function setup(project: TestProject): () => void {
  const consumer = makeConsumer(publicPackages())
  project.provide('packed', { folder: consumer.folder, tarballs: [...consumer.tarballs] })
  return () => {
    dropConsumer(consumer)
  }
}
