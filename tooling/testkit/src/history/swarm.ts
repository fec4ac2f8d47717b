import type { TestRandom } from '../test-random.js'

/** Values that each option of a run may take. @category Randomness */
export type SwarmChoices = Readonly<Record<string, readonly unknown[]>>

/** One value for each option. @category Randomness */
export type SwarmPick<Choices extends SwarmChoices> = {
  readonly [Name in keyof Choices]: Choices[Name][number]
}

/**
 * Picks one value for each option. Runs with different seeds so differ in everything at once, which finds what runs
 * with the same sensible options never meet.
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
 * Returns a random subset of weights the value 0, at least one kept: each seed does without some kinds of operation, so
 * that those which would hide a fault are now and then absent.
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
