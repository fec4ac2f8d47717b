/** Checkpoints that are written while commits continue. No method throws. */
export interface BackgroundCheckpoint {
  /** Called after each commit of the synchronous API: begins a checkpoint when one is due, and performs a part of a running one. */
  afterCommit(): void
  /** Called before the first group of a burst. Returns what the group has to wait for. */
  beforeGroups(): Promise<void> | undefined
  /** Called after each group. Returns what the next group has to wait for. */
  afterGroup(): Promise<void> | undefined
  /** Makes a checkpoint, or waits for the running one. Never rejects: a failure poisons the database. */
  relieve(): Promise<void>
}
