import { GClock } from '../eviction/gclock.js'
import { hitPercent } from '../eviction/hit-ratio.js'
import { Lru } from '../eviction/lru.js'
import { PageCachePolicy } from '../eviction/page-cache-policy.js'
import type { CreatePolicy } from '../eviction/policy.js'
import { S3Fifo } from '../eviction/s3-fifo.js'
import { tracesFor } from '../eviction/traces.js'
import { TwoQueue } from '../eviction/two-queue.js'
import type { Finding, Probe } from '../model/probe.js'

const FRAMES = { tiny: 100, quick: 1000, normal: 1000, full: 4000 }

const POLICIES: Readonly<Record<string, CreatePolicy>> = {
  LRU: (frameCount) => new Lru(frameCount),
  GCLOCK: (frameCount) => new GClock(frameCount),
  '2Q': (frameCount) => new TwoQueue(frameCount),
  'S3-FIFO': (frameCount) => new S3Fifo(frameCount),
  LDB: (frameCount) => new PageCachePolicy(frameCount),
}

/** Hit ratios of several eviction policies and of LDB's page cache, on traces of page accesses. */
export const eviction: Probe = {
  id: 'eviction',
  title: 'Cache hit ratio by eviction policy',
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
