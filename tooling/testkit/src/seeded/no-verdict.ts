/** Names of errors that show that the change made the program invalid, instead of violating a guarantee. */
export const NO_VERDICT: ReadonlySet<string> = new Set(['SyntaxError', 'ReferenceError', 'TypeError'])
