import { invalidArgument, kindOf } from '@ldb/base'

/** How to read one value. @category Reading */
export interface GetOptions {
  /**
   * Give a value of the encoding `binary` as it stands in the database, without a copy: it is good until the next call of
   * any method of the database, whatever it holds then means nothing, and it must never be written to, for that would
   * change the database itself. Other encodings give what they always do.
   * @defaultValue false
   */
  readonly borrow?: boolean | undefined
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveBorrow(options: GetOptions): boolean {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument(`options of a get must be an object, not ${kindOf(options)}`)
  let borrow: unknown = false
  // `in` over a plain object is ten times as fast as a list of its keys, and this is for those who count nanoseconds.
  for (const name in options) {
    if (!Object.hasOwn(options, name)) continue
    if (name !== 'borrow') throw invalidArgument(`unknown option of a get: ${name}`)
    if (options.borrow !== undefined) borrow = options.borrow
  }
  if (typeof borrow === 'boolean') return borrow
  throw invalidArgument(`borrow must be true or false, not ${kindOf(borrow)}`)
}
