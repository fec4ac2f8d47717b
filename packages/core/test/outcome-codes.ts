import { isLdbError } from '@ldb/base'

/** Returns the code of the error of a call, or what it has returned. */
export function codeOf(call: () => unknown): string {
  try {
    return `returned ${JSON.stringify(call())}`
  } catch (error) {
    return isLdbError(error) ? error.code : `threw ${String(error)}`
  }
}

/** Returns the code of the error of a promise, or what it has resolved to. */
export async function codeOfAsync(call: () => Promise<unknown>): Promise<string> {
  try {
    return `resolved to ${JSON.stringify(await call())}`
  } catch (error) {
    return isLdbError(error) ? error.code : `rejected with ${String(error)}`
  }
}

/** Lets pending tasks of the event loop run. */
export async function turns(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve))
}
