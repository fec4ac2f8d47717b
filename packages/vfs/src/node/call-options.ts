/**
 * Returns options for a function of Node, without a prototype: such functions read options that are absent, such as `signal`, from the
 * prototype of the object.
 */
export function callOptions<T extends object>(options: T): T {
  return Object.assign(Object.create(null) as T, options)
}

/** Requests the status of a file with exact numbers. */
export const BIGINT: { readonly bigint: true } = callOptions({ bigint: true, throwIfNoEntry: true } as const)

/** Reads or writes text of one byte for each character. */
export const LATIN1: { readonly encoding: 'latin1' } = callOptions({ encoding: 'latin1' } as const)
