/** What a driver does that its contract forbids. @category Conformance */
export class Violation extends Error {
  override readonly name: string = 'Violation'
}

/** @throws Violation unless the condition holds. */
export function ensure(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message)
}

/** @throws Violation unless two values have the same JSON. */
export function ensureEqual(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [textOf(actual), textOf(expected)]
  if (a !== b) throw new Violation(`${what}: ${shortened(a)}, expected ${shortened(b)}`)
}

/** @throws Violation unless a promise rejects with an error that `accepts` accepts. */
export async function ensureRejects(
  promise: Promise<unknown>,
  accepts: (error: unknown) => boolean,
  what: string,
): Promise<void> {
  let failure: unknown
  try {
    await promise
  } catch (error) {
    if (accepts(error)) return
    failure = error
  }
  throw new Violation(`${what}: ${failure === undefined ? 'resolved' : describeError(failure)}`, {
    cause: failure,
  })
}

function textOf(value: unknown): string {
  return (
    JSON.stringify(value, (_name, part: unknown) => (part === undefined ? 'undefined' : part)) ?? 'undefined'
  )
}

function shortened(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 200)} ... ${text.slice(-200)}`
}

/** Returns the text of an error. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : (JSON.stringify(error) ?? typeof error)
}
