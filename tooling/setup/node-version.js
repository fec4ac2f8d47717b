/** The oldest Node that LDB runs on: `[major, minor]`. */
export const OLDEST_NODE = [20, 19]

/**
 * Tells why a version of Node will not do, or gives `undefined` when it will.
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
