/** Options of every call that waits for the engine. @category Driver */
export interface CallOptions {
  /**
   * Time in milliseconds after which the call settles, with `'unavailable'` or `'commitUnknown'` if it has no answer. A driver may settle
   * earlier, and up to 100 ms later. It may use the time for several servers or several attempts of a read.
   */
  readonly timeoutMs: number
}
