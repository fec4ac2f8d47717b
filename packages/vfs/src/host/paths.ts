import type { SystemPaths } from '../node/system-files.js'
import { workingDirectory } from './working-directory.js'

/** The part of `node:path` that this package uses, for paths with `/`. */
export const nodePath: SystemPaths = {
  isAbsolute: (path) => path.startsWith('/'),
  resolve(...paths: string[]): string {
    let joined = ''
    for (const path of paths) joined = path.startsWith('/') ? path : `${joined}/${path}`
    if (!joined.startsWith('/') || !paths.some((path) => path.startsWith('/')))
      joined = `${workingDirectory()}${joined.startsWith('/') ? '' : '/'}${joined}`
    const names: string[] = []
    for (const name of joined.split('/')) {
      if (name === '..') names.pop()
      else if (name !== '' && name !== '.') names.push(name)
    }
    return `/${names.join('/')}`
  },
}
