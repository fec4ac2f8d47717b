import type { CreatePolicy } from './policy.js'
import type { Trace } from './traces.js'

/** Returns the share of the uses that count which found their page, in per cent. */
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
