import { kindOf } from './bytes/bytes.js'
import { invalidArgument, LdbError } from './ldb-error.js'

/** Options that were read once, as an object without a prototype. An absent option is `undefined`. @category Options */
export type OwnOptions<Name extends string> = { readonly [_ in Name]: unknown }

/**
 * Reads the options of a caller: each known option once, as an own property, into a new object without a prototype. What is on
 * `Object.prototype` or on the class of the object is no option.
 *
 * @param options - `undefined` for none.
 * @param known - names of the options.
 * @param what - names the argument, for messages.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is not an object; for an unknown name whose value is not `undefined`; and when a
 * getter or a trap of a proxy throws, with what it has thrown as the `cause`.
 * @category Options
 */
export function ownOptions<Name extends string>(
  options: unknown,
  known: readonly Name[],
  what = 'options',
): OwnOptions<Name> {
  const own = Object.create(null) as Record<Name, unknown>
  if (options === undefined) {
    for (const name of known) own[name] = undefined
    return own
  }
  assertOptions(options, what)
  for (const name of known) own[name] = ownProperty(options as Record<Name, unknown>, name, what)
  for (const name of ownNames(options, what)) {
    if ((known as readonly string[]).includes(name)) continue
    if (ownProperty(options as Record<string, unknown>, name, what) === undefined) continue
    throw invalidArgument(`unknown option ${JSON.stringify(name)}`)
  }
  return own
}

/**
 * Copies all own enumerable properties of an object into a new object without a prototype, except one.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when a getter or a trap of a proxy throws, with the `cause`.
 * @category Options
 */
export function ownPropertiesWithout<T extends object, Name extends keyof T & string>(
  object: T,
  omitted: Name,
  what = 'options',
): Omit<T, Name> {
  const copy = Object.create(null) as Record<string, unknown>
  for (const name of ownNames(object, what)) {
    if (name !== omitted) copy[name] = ownProperty(object as Record<string, unknown>, name, what)
  }
  return copy as Omit<T, Name>
}

/**
 * Returns an own property of an argument; `undefined` when it has none of the name.
 *
 * @param what - names the argument, for the message.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when a getter or a trap of a proxy throws, with the `cause`.
 * @category Options
 */
export function ownProperty<T extends object, Name extends keyof T & string>(
  object: T,
  name: Name,
  what = 'options',
): T[Name] | undefined {
  try {
    return Object.hasOwn(object, name) ? object[name] : undefined
  } catch (cause) {
    throw unreadable(name, what, cause)
  }
}

/**
 * Returns a member that an object or its class may have, such as an optional method of a file system; `undefined` without one. A
 * member of `Object.prototype` does not count: every object seems to have it.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when a getter or a trap of a proxy throws, with the `cause`.
 * @category Options
 */
export function optionalMember<T extends object, Name extends keyof T & string>(
  object: T,
  name: Name,
): T[Name] | undefined {
  try {
    return hasMember(object, name) ? object[name] : undefined
  } catch (cause) {
    throw unreadable(name, 'an object', cause)
  }
}

/** Reports whether an object or its class, and not only `Object.prototype`, has a member. */
function hasMember(object: object, name: string): boolean {
  for (let holder: object | null = object; holder !== null; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, name)) return holder === object || !isRoot(holder)
  }
  return false
}

/** Reports whether an object is the `Object.prototype` of any realm. */
function isRoot(holder: object): boolean {
  return Object.getPrototypeOf(holder) === null && Object.hasOwn(holder, 'isPrototypeOf')
}

function assertOptions(options: unknown, what: string): asserts options is object {
  let isArray: boolean
  try {
    isArray = Array.isArray(options)
  } catch (cause) {
    // A revoked proxy.
    throw new LdbError('LDB_INVALID_ARGUMENT', `${what} cannot be read`, { cause })
  }
  if (typeof options === 'object' && options !== null && !isArray && !ArrayBuffer.isView(options)) return
  throw invalidArgument(`${what} must be an object, not ${kindOf(options)}`)
}

function ownNames(object: object, what: string): readonly string[] {
  try {
    return Object.keys(object)
  } catch (cause) {
    throw new LdbError('LDB_INVALID_ARGUMENT', `${what} cannot be read`, { cause })
  }
}

function unreadable(name: string, what: string, cause: unknown): LdbError {
  return new LdbError('LDB_INVALID_ARGUMENT', `${JSON.stringify(name)} of ${what} cannot be read`, { cause })
}
