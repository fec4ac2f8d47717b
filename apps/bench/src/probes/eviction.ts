import { GeneralizedClock } from '../eviction/generalized-clock.js'
import { hitPercent } from '../eviction/hit-ratio.js'
import { LeastRecent } from '../eviction/least-recent.js'
import { PageCachePolicy } from '../eviction/page-cache-policy.js'
import type { MakePolicy } from '../eviction/policy.js'
import { SmallAndMain } from '../eviction/small-and-main.js'
import { tracesFor } from '../eviction/traces.js'
import { TwoQueues } from '../eviction/two-queues.js'
import type { Finding, Probe } from './run/probe.js'

const FRAMES = { tiny: 100, quick: 1000, normal: 1000, full: 4000 }

const POLICIES: Readonly<Record<string, MakePolicy>> = {
  LRU: (frameCount) => new LeastRecent(frameCount),
  GCLOCK: (frameCount) => new GeneralizedClock(frameCount),
  '2Q': (frameCount) => new TwoQueues(frameCount),
  'S3-FIFO': (frameCount) => new SmallAndMain(frameCount),
  'as built': (frameCount) => new PageCachePolicy(frameCount),
}

/** Hit ratios of the policies that were considered, and of the page cache as it is, on traces of pages. */
export const eviction: Probe = {
  id: 'eviction',
  title: 'Which pages stay in the cache: hits, by policy',
  async run(effort): Promise<Finding[]> {
    const frameCount = FRAMES[effort]
    return tracesFor(frameCount).flatMap((trace) =>
      Object.entries(POLICIES).map(([name, make]) => ({
        name: `${trace.name}: ${name}`,
        value: hitPercent(make, frameCount, trace),
        unit: '%',
      })),
    )
  },
}
