/** Decides which pages a cache of a fixed number of frames keeps: a simulation, with no pages behind it. */
export interface Policy {
  /** Notes that a page is used, and tells whether it was there. */
  access(page: number): boolean
}

/** Makes a policy for a cache of so many frames. */
export type CreatePolicy = (frameCount: number) => Policy
