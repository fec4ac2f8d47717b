import type { SuiteEntry } from './suites.js'

/** A suite that takes part in a run. */
export interface ChosenSuite {
  readonly entry: SuiteEntry
  /** Its part of the time, against the other suites' parts. */
  readonly share: number
}

/**
 * Returns the suites that are asked for by name or by group, each with its share of the time.
 *
 * @param wanted - names and groups, `all` among them; with commas between several, and `:4` behind one that is to have
 * four times the time. The suites of a group divide what the group gets.
 * @throws RangeError for a name that is neither.
 */
export function chooseSuites(suites: readonly SuiteEntry[], wanted: readonly string[]): ChosenSuite[] {
  const shares = new Map<SuiteEntry, number>()
  const words = wanted.flatMap((each) => each.split(',')).filter((word) => word !== '')
  for (const word of words.length === 0 ? ['all'] : words) {
    const [name = '', times = '1'] = word.split(':')
    const share = Number(times)
    if (!(share > 0)) throw new RangeError(`${word}: a share of the time is a number above 0`)
    const one = suites.filter((entry) => entry.name === name)
    const groups = name === 'all' ? [...new Set(suites.map(({ group }) => group))] : [name]
    // A group that has a suite of its own name is that group.
    const picked = groups.map((group) => suites.filter((entry) => entry.group === group))
    const found = picked.some((members) => members.length > 0) ? picked : [one]
    for (const members of found) {
      if (members.length === 0) throw new RangeError(`there is no suite or group ${name}`)
      for (const member of members) shares.set(member, share / members.length)
    }
  }
  return [...shares].map(([entry, share]) => ({ entry, share }))
}
