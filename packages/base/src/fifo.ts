/** Removed elements at the front that are retained until the array is compacted; at least this many. */
const SLACK_MIN = 1024

/**
 * A queue: elements leave in the order in which they were added.
 *
 * @remarks Every operation takes constant time, amortized. `Array.shift` moves all other elements, once there are many.
 * @example
 * ```ts
 * import { Fifo } from '@ldb/base'
 *
 * const queue = new Fifo<string>()
 * queue.push('a')
 * queue.push('b')
 * console.log(queue.shift(), queue.first, queue.length) // a b 1
 * ```
 * @category Queues
 */
export class Fifo<T> {
  readonly #elements: (T | undefined)[] = []
  #head = 0

  /** Number of elements. */
  get length(): number {
    return this.#elements.length - this.#head
  }

  /** The element that leaves next. */
  get first(): T | undefined {
    return this.#elements[this.#head]
  }

  /** The element that was added last. */
  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#elements[this.#elements.length - 1]
  }

  /** Returns an element. @param index - 0 for the first. */
  at(index: number): T | undefined {
    return this.#elements[this.#head + index]
  }

  /** Adds an element at the end. */
  push(element: T): void {
    this.#elements.push(element)
  }

  /** Puts an element back that `shift` has returned last: it leaves next. */
  unshift(element: T): void {
    if (this.#head > 0) this.#elements[--this.#head] = element
    else this.#elements.unshift(element)
  }

  /** Removes and returns the first element; `undefined` when there is none. */
  shift(): T | undefined {
    if (this.length === 0) return undefined
    const elements = this.#elements
    const first = elements[this.#head]
    elements[this.#head++] = undefined
    if (this.#head === elements.length) this.clear()
    // Moves each element at most once for each one that was removed.
    else if (this.#head >= SLACK_MIN && this.#head * 2 >= elements.length) {
      elements.splice(0, this.#head)
      this.#head = 0
    }
    return first
  }

  /** Removes and returns the last element; `undefined` when there is none. */
  pop(): T | undefined {
    if (this.length === 0) return undefined
    const last = this.#elements.pop()
    if (this.#head === this.#elements.length) this.clear()
    return last
  }

  /** Removes all elements. */
  clear(): void {
    this.#elements.length = 0
    this.#head = 0
  }
}
