import type { AfterCollection, CollectionTask } from './after-collection.js'

/**
 * The open resources of one kind, each of which belongs to a handle of the API: detects handles that are garbage-collected while
 * their resource is open.
 *
 * A resource must not reference its handle. Most resources are opened and closed without a turn of the event loop in between, and
 * watching a handle is expensive: a handle is watched from the next turn on, and is alive until then.
 *
 * @category Leaks
 */
export class LeakDetector<Resource extends object> {
  readonly #afterCollection: AfterCollection | undefined
  readonly #onLeak: (resource: Resource) => void
  readonly #schedule: (task: () => void) => void
  /** The resource that was opened last, since the last turn, and its handle. Most resources are closed before another is opened. */
  #newest: Resource | undefined = undefined
  #newestHandle: object | undefined = undefined
  /** Other resources opened since the last turn, with their handles. */
  readonly #recent: Map<Resource, object> = new Map()
  readonly #watched: Map<Resource, CollectionTask> = new Map()
  readonly #watchRecent: () => void
  #isScheduled = false

  /**
   * @param afterCollection - `undefined` where collections are not reported: then no leak is detected.
   * @param onLeak - called for each resource whose handle was collected. The resource is not in the detector any more.
   * @param schedule - runs a task in the next turn of the event loop. Default: in a microtask.
   */
  constructor(
    afterCollection: AfterCollection | undefined,
    onLeak: (resource: Resource) => void,
    schedule: (task: () => void) => void = inMicrotask,
  ) {
    this.#afterCollection = afterCollection
    this.#onLeak = onLeak
    this.#schedule = schedule
    this.#watchRecent = (): void => {
      this.#isScheduled = false
      this.#retire()
      for (const [resource, handle] of this.#recent) this.#watch(resource, handle)
      this.#recent.clear()
    }
  }

  /** Number of open resources. */
  get size(): number {
    return this.#recent.size + this.#watched.size + (this.#newest === undefined ? 0 : 1)
  }

  /** The resource that was opened first; `undefined` without open resources. */
  get oldest(): Resource | undefined {
    const first = this.#watched.keys().next()
    return first.done === true ? (this.#recent.keys().next().value ?? this.#newest) : first.value
  }

  /** Adds an open resource and its handle. */
  add(resource: Resource, handle: object): void {
    this.#retire()
    this.#newest = resource
    const isWatched = this.#afterCollection !== undefined
    this.#newestHandle = isWatched ? handle : resource
    if (this.#isScheduled || !isWatched) return
    this.#isScheduled = true
    this.#schedule(this.#watchRecent)
  }

  /** Removes a resource that was closed. Returns false when it was removed before. */
  remove(resource: Resource): boolean {
    if (resource === this.#newest) {
      this.#newest = this.#newestHandle = undefined
      return true
    }
    if (this.#recent.delete(resource)) return true
    const task = this.#watched.get(resource)
    if (task === undefined) return false
    this.#watched.delete(resource)
    task.cancel()
    return true
  }

  /** Removes all resources, and returns them, the first one opened first. */
  takeAll(): Resource[] {
    this.#retire()
    const resources = [...this.#watched.keys(), ...this.#recent.keys()]
    for (const resource of resources) this.remove(resource)
    return resources
  }

  /** Treats all resources as leaked: an object was collected that every handle references. */
  leakAll(): void {
    for (const resource of this.takeAll()) this.#onLeak(resource)
  }

  /** Moves the newest resource to the other recent ones. */
  #retire(): void {
    if (this.#newest === undefined || this.#newestHandle === undefined) return
    this.#recent.set(this.#newest, this.#newestHandle)
    this.#newest = this.#newestHandle = undefined
  }

  #watch(resource: Resource, handle: object): void {
    const task = this.#afterCollection?.(handle, () => {
      if (this.remove(resource)) this.#onLeak(resource)
    })
    if (task !== undefined) this.#watched.set(resource, task)
  }
}

function inMicrotask(task: () => void): void {
  void Promise.resolve().then(task)
}
