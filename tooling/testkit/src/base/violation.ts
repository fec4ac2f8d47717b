/** A violated guarantee. Never an operating error: a bug in the system under test or in the test itself. */
export class Violation extends Error {
  override readonly name: string = 'Violation'

  constructor(message: string, options: { readonly cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
  }
}

/** Throws a {@link Violation} unless the condition holds. */
export function assertGuarantee(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message())
}
