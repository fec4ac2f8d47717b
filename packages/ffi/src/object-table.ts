import { LdbError } from '@ldb/base'

/** The objects that the host refers to by number. A number is used again after its object was removed: the host checks its handles. */
export class ObjectTable {
  readonly #objects: unknown[] = [undefined]
  readonly #free: number[] = []

  /** Adds an object, and returns its number, from 1. */
  add(object: object): number {
    const id = this.#free.pop() ?? this.#objects.length
    this.#objects[id] = object
    return id
  }

  /** Returns the object of a number. @throws {@link LdbError} LDB_CLOSED when there is none of that kind. */
  get<T extends object>(id: number, kind: new (...args: never[]) => T): T {
    const object = this.#objects[id]
    if (object instanceof kind) return object
    throw new LdbError('LDB_CLOSED', 'the handle is closed, or is of another kind')
  }

  /** Removes an object. */
  remove(id: number): void {
    if (this.#objects[id] === undefined) return
    this.#objects[id] = undefined
    this.#free.push(id)
  }
}
