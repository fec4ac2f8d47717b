/** Errors of the language, not of a promise: the change made something that is no program. */
export const NO_VERDICT: ReadonlySet<string> = new Set(['SyntaxError', 'ReferenceError', 'TypeError'])
