/** A simulated eviction policy of a cache with a fixed number of frames; it tracks page numbers only. */
export interface Policy {
  /** Records an access to a page. Reports whether it was a hit. */
  access(page: number): boolean
}

/** Creates a policy for a cache of `frameCount` frames. */
export type CreatePolicy = (frameCount: number) => Policy
