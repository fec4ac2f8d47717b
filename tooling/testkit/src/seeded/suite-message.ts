/** Messages of the process of a suite, one a line. */
export type SuiteMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'passed' }
  | {
      readonly kind: 'failed'
      /** Number of cases run, including the failing one. */
      readonly cases: number
      readonly errorName: string
      /** Name of the innermost cause. */
      readonly rootName: string
      readonly message: string
    }

/** The module to replace, by its path, and its new text. */
export interface SourceReplacement {
  readonly path: string
  readonly text: string
  /** File that is written when the module is loaded. */
  readonly mark: string
}
