import { invalidArgument, kindOf, LdbError } from '@ldb/base'

/** Options of `get`. @category Reading */
export interface GetOptions {
  /**
   * Returns a value of the encoding `binary` without a copy, as a view of the database's own memory. The view is valid
   * until the next call of any method of the database. Never write to it: that would corrupt the database. Other
   * encodings are not affected. On a platform that cannot prevent the transfer of a buffer, the value is a copy.
   * @defaultValue false
   */
  readonly borrow?: boolean | undefined
}

/** Checks the options of a get. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveBorrow(options: GetOptions): boolean {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument(`options of a get must be an object, not ${kindOf(options)}`)
  let borrow: unknown = false
  let unknown: string | undefined
  // `for...in` over a plain object is ten times faster than `Object.keys`, which would dominate the cost of a cached
  // get.
  try {
    for (const name in options) {
      if (!Object.hasOwn(options, name)) continue
      if (name === 'borrow') borrow = options.borrow
      else unknown ??= name
    }
  } catch (cause) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'options of a get cannot be read', { cause })
  }
  if (unknown !== undefined) throw invalidArgument(`unknown option of a get: ${unknown}`)
  if (borrow === undefined) return false
  if (typeof borrow === 'boolean') return borrow
  throw invalidArgument(`borrow must be true or false, not ${kindOf(borrow)}`)
}
