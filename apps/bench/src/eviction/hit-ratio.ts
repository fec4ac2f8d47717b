import type { CreatePolicy } from './policy.js'
import type { Trace } from './traces.js'

/** Returns the hit ratio over the counted accesses of a trace, in percent. */
export function hitPercent(make: CreatePolicy, frameCount: number, { pages, counted }: Trace): number {
  const policy = make(frameCount)
  let hits = 0
  let uses = 0
  for (let index = 0; index < pages.length; index++) {
    const isHit = policy.access(pages[index]!)
    if (counted[index] === 0) continue
    uses++
    if (isHit) hits++
  }
  return (hits / uses) * 100
}
