/** The oldest supported version of Node: `[major, minor]`. */
export const OLDEST_NODE = [20, 19]

/**
 * Returns an error message for an unsupported version of Node, or `undefined` for a supported one.
 *
 * @param {string} version - like `process.versions.node`
 * @returns {string | undefined}
 */
export function nodeTooOld(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor, oldestMinor] = OLDEST_NODE
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined
  return `LDB needs Node ${OLDEST_NODE.join('.')} or newer; this is Node ${version}.`
}
