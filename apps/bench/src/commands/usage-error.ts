/** Says that the command line is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Reports whether something that was thrown says so: ours, or that of Node's reader of arguments. */
export function isUsageError(error: unknown): error is Error {
  if (error instanceof UsageError) return true
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
}
