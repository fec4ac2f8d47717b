/** What of LDB a bug is in; also the order of the table. */
export type BugArea = 'log' | 'tree' | 'cache' | 'core' | 'transactions' | 'floor'

/**
 * One small change of the source that makes it wrong, and the suite that must notice.
 *
 * @remarks Nothing is written to the source: the change is made to the text of one module on its way into a process.
 */
export interface SeededBug {
  /** Lower-case words with hyphens; unique. */
  readonly name: string
  readonly area: BugArea
  /** Numbers of the classes of bugs that real stores had which it stands for. */
  readonly rows: readonly number[]
  /** What goes wrong with it, for the table. */
  readonly effect: string
  /** The module, from the workspace's root on. */
  readonly file: string
  /** Text that stands in the module exactly once. */
  readonly find: string
  /** What stands there instead. */
  readonly replace: string
  /** Name of a suite of the deep runner, or path of a test from the workspace's root on. */
  readonly suite: string
  /** Where the suite is a file of tests: a part of the name of the one that must notice. @defaultValue any of them */
  readonly test?: string
  /** First case of the suite that is run. @defaultValue 1 */
  readonly firstSeed?: number
  /** Cases (seeds) that the suite may take; a test has one. @defaultValue 1 */
  readonly cases?: number
}
