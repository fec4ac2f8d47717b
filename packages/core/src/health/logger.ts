import { ignoreRejection, isPromiseLike } from '@ldb/base'

/** A logger with the interface of pino or `console`. @category Options */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** Returns a logger whose failures, thrown or in a promise, are ignored: an operation never fails because it logs. */
export function guardedLogger(logger: Logger | undefined): Logger | undefined {
  if (logger === undefined) return undefined
  const log =
    (level: keyof Logger) =>
    (message: string): void => {
      try {
        const result: unknown = logger[level](message)
        if (isPromiseLike(result)) ignoreRejection(result)
      } catch {
        // There is no other place to report it to.
      }
    }
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
}
