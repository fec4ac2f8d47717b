/** An invalid command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reports whether an error is a usage error: a {@link UsageError}, or one that Node's `parseArgs` throws. */
export function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
}
