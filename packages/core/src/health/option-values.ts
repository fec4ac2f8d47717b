import { invalidArgument, kindOf } from '@ldb/base'
import type { OwnOptions } from '@ldb/base'

/** Returns an option that is a whole number. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveNumber<Name extends string>(
  given: OwnOptions<Name>,
  name: Name,
  defaultValue: number,
  minimum: number,
  maximum: number,
): number {
  const value = given[name]
  if (value === undefined) return defaultValue
  if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) {
    throw invalidArgument(
      `${name} must be a whole number from ${minimum} to ${maximum}, not ${describe(value)}`,
    )
  }
  return value
}

/** Describes a value in a message. */
export function describe(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? JSON.stringify(value)
    : kindOf(value)
}
