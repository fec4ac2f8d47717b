/** What the process of a suite tells, line by line. */
export type SuiteMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'passed'; readonly isLoaded: boolean }
  | {
      readonly kind: 'failed'
      /** Cases that were run, the failing one included. */
      readonly cases: number
      readonly errorName: string
      /** Name of the error that began it. */
      readonly rootName: string
      readonly message: string
      /** Whether the module with the bug was loaded in this process. */
      readonly isLoaded: boolean
    }

/** Which module is to have another text. */
export interface SourceOrder {
  readonly path: string
  readonly text: string
}
