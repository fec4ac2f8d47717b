import { kindOf } from '../bytes/bytes.js'
import { invalidArgument } from '../ldb-error.js'
import type { LdbError } from '../ldb-error.js'

/** The objects around a part of a value, from the outside in, and the steps between them: for errors, and to find cycles. */
export class ValuePath {
  readonly #objects: object[] = []
  readonly #steps: (string | number)[] = []

  /** Number of objects around the present part. */
  get depth(): number {
    return this.#objects.length
  }

  /**
   * Enters an object.
   *
   * @param encoding - names the encoding in the error.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it contains itself.
   */
  enter(object: object, encoding: string): void {
    if (this.#objects.includes(object)) throw this.refusal(encoding, 'a part that contains itself')
    this.#objects.push(object)
    this.#steps.push('')
  }

  leave(): void {
    this.#objects.pop()
    this.#steps.pop()
  }

  /** Notes which part of the innermost object is next: the name of a member, or the index of an element or of an entry. */
  step(step: string | number): void {
    this.#steps[this.#steps.length - 1] = step
  }

  /** Returns the error of a part that an encoding cannot write. */
  refusal(encoding: string, what: string): LdbError {
    return invalidArgument(`value cannot be written as ${encoding}: ${this.toString()} is ${what}`)
  }

  /** Returns the path as it would be written in a program: `value.users[3]["first name"]`. */
  toString(): string {
    return `value${this.#steps.map(textOf).join('')}`
  }
}

/** Returns the kind of a part for an error: `an object of class Map`, `NaN`, `function`. */
export function partKind(part: unknown): string {
  if (typeof part === 'number') return String(part)
  if (typeof part !== 'object' || part === null) return kindOf(part)
  if (Array.isArray(part) || ArrayBuffer.isView(part)) return kindOf(part)
  const tag = Object.prototype.toString.call(part).slice(8, -1)
  const name = tag === 'Object' ? classOf(part) : tag
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `an object of class ${name}`
    : 'an object'
}

/** Reports whether an object is a plain one, of any realm, or one without a prototype. */
export function isPlainObject(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype === Object.prototype || prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
}

function classOf(object: object): unknown {
  const prototype = Object.getPrototypeOf(object) as { readonly constructor?: { readonly name?: unknown } }
  return prototype.constructor?.name
}

function textOf(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`
  if (step === '') return step
  return /^[A-Za-z_$][\w$]*$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
}
