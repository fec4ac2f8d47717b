/** A warning to the user of the process. @category Environment */
export interface Warning {
  /** Name of its kind, for instance `'LdbLeakWarning'`. */
  readonly type: string
  /** Stable code, for instance `'LDB_LEAK'`. */
  readonly code: string
  readonly message: string
  /** Further lines. */
  readonly detail?: string | undefined
}
