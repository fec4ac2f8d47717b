/** The method that Node calls to print an object. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

/** What `JSON.stringify` and `console.log` show of a handle: no data, and none of its internals. @category Health */
export interface HandleSummary {
  /** Name of the class of the handle. */
  readonly handle: string
  /** Name of the keyspace that its data methods act on. */
  readonly keyspace: string
}

/** Returns the summary of a handle. */
export function summaryOf(handle: object, keyspace: string): HandleSummary {
  return { handle: nameOf(handle), keyspace }
}

/** Returns the text that Node prints for a handle. */
export function inspectSummary({ handle, ...members }: { readonly handle: string }): string {
  const texts = Object.entries(members).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
  return texts.length === 0 ? `${handle} {}` : `${handle} { ${texts.join(', ')} }`
}

/** A handle that is printed and logged with its name only. @category Health */
export abstract class PlainHandle {
  /** Returns a short summary, without data, for `JSON.stringify`. */
  toJSON(): { readonly handle: string } {
    return { handle: nameOf(this) }
  }

  /** @internal */
  [INSPECT](): string {
    return inspectSummary(this.toJSON())
  }
}

function nameOf(handle: object): string {
  // In a bundle, a class that refers to itself has an underscore before its name.
  return handle.constructor.name.replace(/^_/, '')
}
