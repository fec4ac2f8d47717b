/**
 * Values outside of the log, which records of type 6 name. The log syncs them before it counts such a record as synced, and ends before a
 * record whose values a crash has lost.
 *
 * @category Log
 */
export interface ExternalValues {
  /** True when every value that an appended record names is on the device. */
  readonly isSynced: boolean
  /** Makes all values durable. Blocks. A failure fails the log. */
  sync(): void
  /** Makes the values durable that were written before the call, without blocking. A failure fails the log. */
  syncAsync(): Promise<void>
  /**
   * Called by the opening of a log that was left open, for each record of type 6 that may not be on the device, in their order: reports
   * whether all values that it names are intact. The log ends before the first record for which it returns false.
   *
   * @param lsn - position of the record.
   */
  isComplete(payload: Uint8Array, lsn: number): boolean
  /** Called by that opening before it writes: writes the values of the records for which `isComplete` returned true again, and syncs them. */
  persist(): void
}
