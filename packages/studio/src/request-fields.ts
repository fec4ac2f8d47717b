import { RequestError } from './session.js'

/** The JSON object of a request. */
export type Fields = Readonly<Record<string, unknown>>

export function text(fields: Fields, name: string): string {
  const value = optionalText(fields, name)
  if (value === undefined) throw new RequestError(400, `${name} must be a string`)
  return value
}

export function optionalText(fields: Fields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  if (value === undefined || value === null || typeof value === 'string') return value ?? undefined
  throw new RequestError(400, `${name} must be a string`)
}

export function flag(fields: Fields, name: string): boolean {
  return Object.hasOwn(fields, name) && fields[name] === true
}

/** Returns a whole number from 1 to a bound. */
export function count(fields: Fields, name: string, max: number): number {
  const value = fields[name]
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max) return value as number
  throw new RequestError(400, `${name} must be a whole number from 1 to ${max}`)
}
