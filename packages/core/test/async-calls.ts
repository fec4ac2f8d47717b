/** Entries of the database of a test. */
export const COUNT = 600
export const keyOf = (index: number): string => `key${String(index).padStart(6, '0')}`
export const KEYS: readonly string[] = Array.from({ length: COUNT }, (_, index) => keyOf(index))

/** Returns the results of calls, or the codes of their errors. */
export async function settled(calls: readonly Promise<unknown>[]): Promise<unknown[]> {
  const outcomes = await Promise.allSettled(calls)
  return outcomes.map((outcome) => {
    if (outcome.status === 'fulfilled') return outcome.value
    return (outcome.reason as { code?: unknown }).code ?? outcome.reason
  })
}

/** Returns a value after a timer. */
export async function slowly<T>(value: T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return value
}

/** The answer of an iterator at its end. */
export const REACHED: unknown = { done: true, value: undefined }
