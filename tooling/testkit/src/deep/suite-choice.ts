import type { SuiteEntry } from '../registry/suite-entry.js'

/** A suite chosen for a run. */
export interface ChosenSuite {
  readonly entry: SuiteEntry
  /** Its share of the time, relative to the shares of the other suites. */
  readonly share: number
}

/**
 * Returns the suites selected by name or by group, each with its share of the time.
 *
 * @param wanted - names and groups, or `all`; several may be separated by commas. A suffix `:4` gives four shares of the time.
 * The suites of a group divide the share of the group.
 * @throws RangeError for an unknown name.
 */
export function chooseSuites(suites: readonly SuiteEntry[], wanted: readonly string[]): ChosenSuite[] {
  const shares = new Map<SuiteEntry, number>()
  const words = wanted.flatMap((each) => each.split(',')).filter((word) => word !== '')
  for (const word of words.length === 0 ? ['all'] : words) {
    const [name = '', times = '1'] = word.split(':')
    const share = Number(times)
    if (!(share > 0)) throw new RangeError(`${word}: a share of the time must be above 0`)
    const one = suites.filter((entry) => entry.name === name)
    const groups = name === 'all' ? [...new Set(suites.map(({ group }) => group))] : [name]
    // A name of both a group and a suite denotes the group.
    const picked = groups.map((group) => suites.filter((entry) => entry.group === group))
    const found = picked.some((members) => members.length > 0) ? picked : [one]
    for (const members of found) {
      if (members.length === 0) throw new RangeError(`there is no suite or group ${name}`)
      for (const member of members) shares.set(member, share / members.length)
    }
  }
  return [...shares].map(([entry, share]) => ({ entry, share }))
}
