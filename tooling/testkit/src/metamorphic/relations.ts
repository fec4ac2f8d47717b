import type { BatchStep, Command } from '../model/commands/commands.js'
import type { TestRandom } from '../base/test-random.js'

/** A command of the original list and the commands that replace it in the variant. */
export interface Unit {
  readonly original: Command | undefined
  readonly variant: readonly Command[]
}

/** Inserts commands that must change nothing. */
export function withInserted(
  commands: readonly Command[],
  random: TestRandom,
  inserted: readonly Command['do'][],
): Unit[] {
  const units: Unit[] = []
  for (const [index, original] of commands.entries()) {
    // The first three commands create the keyspaces.
    while (index > 2 && random.chance(0.12)) {
      units.push({ original: undefined, variant: [{ do: random.pick(inserted) } as Command] })
    }
    units.push({ original, variant: [original] })
  }
  return units
}

/** Replaces every batch by single writes. */
export function withSplitBatches(commands: readonly Command[]): Unit[] {
  return commands.map((original) => ({
    original,
    variant: original.do === 'batch' ? original.steps.map((step): Command => step) : [original],
  }))
}

/** Replaces every write by a batch of one operation. */
export function withWritesAsBatches(commands: readonly Command[]): Unit[] {
  return commands.map((original): Unit => {
    if (original.do !== 'put' && original.do !== 'delete' && original.do !== 'clear')
      return { original, variant: [original] }
    const { durability, ...step } = original
    const options = durability === undefined ? {} : { durability }
    return { original, variant: [{ do: 'batch', steps: [step as BatchStep], ...options }] }
  })
}
