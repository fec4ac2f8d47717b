import { basename } from 'node:path'

/** @typedef {string | { [condition: string]: Conditions }} Conditions */

/**
 * Returns the files of code that the export `.` of a package names, each once, with the host that it is for.
 *
 * @param {{ exports: { '.': { [condition: string]: Conditions } } }} manifest
 * @returns {{ host: string, path: string }[]}
 */
export function targetsOf({ exports: entries }) {
  const { types: _types, ...code } = entries['.']
  const paths = new Set(leaves(code).filter((path) => path.startsWith('./lib/')))
  return [...paths].map((path) => ({ host: basename(path).replace(/\..*$/, ''), path }))
}

/**
 * @param {Conditions} conditions
 * @returns {string[]}
 */
function leaves(conditions) {
  return typeof conditions === 'string' ? [conditions] : Object.values(conditions).flatMap(leaves)
}
