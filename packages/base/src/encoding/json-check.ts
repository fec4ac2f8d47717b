import { isPlainObject, partKind, ValuePath } from '../structured/value-path.js'

/** Nesting up to which the quick walk goes: no cycle is longer for it. */
const QUICK_DEPTH_MAX = 100

/** What JSON makes of a part of a value. */
const PartForm = { leaf: 0, array: 1, object: 2, refused: 3 } as const

/**
 * Checks that JSON returns a value as it is.
 *
 * @remarks Members that are undefined are absent from what is returned, and −0 is 0: both are accepted. A first walk keeps no path, and takes a
 * quarter of the time; the second one names the part that is refused.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT, with the path of the first part that JSON does not return.
 */
export function checkJson(value: unknown): void {
  if (!isReturned(value, 0)) checkPart(value, new ValuePath())
}

function formOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return PartForm.leaf
    case 'number':
      return Number.isFinite(value) ? PartForm.leaf : PartForm.refused
    case 'object':
      if (value === null) return PartForm.leaf
      if (Array.isArray(value)) return PartForm.array
      return isPlainObject(value) && !hasToJson(value) ? PartForm.object : PartForm.refused
    default:
      return PartForm.refused
  }
}

/** Returns false for values that are refused, and for some that nest deep. */
function isReturned(value: unknown, depth: number): boolean {
  switch (formOf(value)) {
    case PartForm.leaf:
      return true
    case PartForm.array: {
      const array = value as readonly unknown[]
      if (depth > QUICK_DEPTH_MAX) return false
      for (let index = 0; index < array.length; index++)
        if (!isReturned(array[index], depth + 1)) return false
      return true
    }
    case PartForm.object: {
      const object = value as Readonly<Record<string, unknown>>
      if (depth > QUICK_DEPTH_MAX) return false
      for (const name of Object.keys(object)) {
        const member = object[name]
        if (member !== undefined && !isReturned(member, depth + 1)) return false
      }
      return true
    }
    default:
      return false
  }
}

function checkPart(value: unknown, path: ValuePath): void {
  switch (formOf(value)) {
    case PartForm.leaf:
      return
    case PartForm.array:
      return checkArray(value as readonly unknown[], path)
    case PartForm.object:
      return checkMembers(value as Readonly<Record<string, unknown>>, path)
    default:
      throw path.refusal('JSON', isPlain(value) ? 'an object with a method toJSON' : partKind(value))
  }
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && isPlainObject(value)
}

function hasToJson(object: object): boolean {
  return typeof (object as { toJSON?: unknown }).toJSON === 'function'
}

function checkArray(array: readonly unknown[], path: ValuePath): void {
  path.enter(array, 'JSON')
  for (let index = 0; index < array.length; index++) {
    path.step(index)
    checkPart(array[index], path)
  }
  path.leave()
}

function checkMembers(object: Readonly<Record<string, unknown>>, path: ValuePath): void {
  path.enter(object, 'JSON')
  for (const name of Object.keys(object)) {
    const member = object[name]
    if (member === undefined) continue
    path.step(name)
    checkPart(member, path)
  }
  path.leave()
}
