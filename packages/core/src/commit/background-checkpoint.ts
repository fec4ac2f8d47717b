/** Checkpoints that are written while asynchronous commits continue. Neither method throws. */
export interface BackgroundCheckpoint {
  /** Called before the first group of a burst. Returns what the group has to wait for. */
  beforeGroups(): Promise<void> | undefined
  /** Called after each group. Returns what the next group has to wait for. */
  afterGroup(): Promise<void> | undefined
  /** Makes a checkpoint, or waits for the running one. Never rejects: a failure poisons the database. */
  relieve(): Promise<void>
}
