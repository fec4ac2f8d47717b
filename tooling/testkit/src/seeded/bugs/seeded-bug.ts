/** The part of LDB that contains a bug. Also the order of the table. */
export type BugArea = 'log' | 'tree' | 'lsm' | 'cache' | 'core' | 'transactions' | 'base'

/**
 * A small change of the source that introduces a bug, and the suite that must report it.
 *
 * @remarks No file is modified: the change is applied to the text of one module while a process loads it.
 */
export interface SeededBug {
  /** Lower-case words with hyphens; unique. */
  readonly name: string
  readonly area: BugArea
  /** Numbers of the classes of real bugs that it represents. */
  readonly rows: readonly number[]
  /** Its effect, for the table. */
  readonly effect: string
  /** Path of the module, relative to the root of the workspace. */
  readonly file: string
  /** Text to replace. It occurs in the module exactly once. */
  readonly find: string
  /** Replacement text. */
  readonly replace: string
  /** Name of a suite of the deep runner, or path of a test file relative to the root of the workspace. */
  readonly suite: string
  /** For a test file: part of the name of the test that must fail. @defaultValue any test of the file */
  readonly test?: string
  /** First seed that the suite runs. @defaultValue 1 */
  readonly firstSeed?: number
  /** Maximum number of cases (seeds) that the suite may need; a test file has one case. @defaultValue 1 */
  readonly cases?: number
}
