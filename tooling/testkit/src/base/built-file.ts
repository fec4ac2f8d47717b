import { fileURLToPath } from 'node:url'

/** Returns the path of a built file of this package, for a child process or a worker thread to run. */
export function builtFile(name: string): string {
  return fileURLToPath(new URL(`../../dist/${name}`, import.meta.url))
}
