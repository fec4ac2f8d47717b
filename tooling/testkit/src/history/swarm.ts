import type { TestRandom } from '../base/test-random.js'

/** The values that each option of a run may take. @category Randomness */
export type SwarmChoices = Readonly<Record<string, readonly unknown[]>>

/** One value for each option. @category Randomness */
export type SwarmPick<Choices extends SwarmChoices> = {
  readonly [Name in keyof Choices]: Choices[Name][number]
}

/**
 * Picks one value for each option (swarm testing). Runs with different seeds differ in all options at once, which
 * finds faults that runs with fixed, reasonable options miss.
 *
 * @category Randomness
 */
export function swarmOptions<const Choices extends SwarmChoices>(
  random: TestRandom,
  choices: Choices,
): SwarmPick<Choices> {
  const picked = Object.entries(choices).map(([name, values]) => [name, random.pick(values)])
  return Object.fromEntries(picked) as SwarmPick<Choices>
}

/**
 * Sets a random subset of the weights to 0 and keeps at least one. Each seed omits some kinds of operation, so that
 * operations which would hide a fault are sometimes absent.
 *
 * @category Randomness
 */
export function swarmWeights<Name extends string>(
  random: TestRandom,
  weights: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(weights) as Name[]
  const kept = random.pick(names)
  const result: Record<Name, number> = { ...weights }
  for (const name of names) {
    if (name !== kept && random.chance(0.25)) result[name] = 0
  }
  return result
}
