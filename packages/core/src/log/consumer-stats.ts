/** A named consumer of changes that the open database keeps the log for. @category Statistics */
export interface ConsumerStats {
  readonly name: string
  /** True while a stream of it is open. */
  readonly isOpen: boolean
  /** Commits after the newest one that it has acknowledged, those included that only record positions and that have no changes for it. */
  readonly lagCommits: number
  /** Bytes of the log, and of large values that it names, that are held back for it; 0 without files. */
  readonly heldBytes: number
}
