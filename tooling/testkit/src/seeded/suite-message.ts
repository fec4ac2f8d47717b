/** What the process of a suite tells, line by line. */
export type SuiteMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'passed' }
  | {
      readonly kind: 'failed'
      /** Cases that were run, the failing one included. */
      readonly cases: number
      readonly errorName: string
      /** Name of the error that began it. */
      readonly rootName: string
      readonly message: string
    }

/** Which module is to have another text. */
export interface SourceOrder {
  readonly path: string
  readonly text: string
  /** File that is written when the module is loaded. */
  readonly mark: string
}
