/** A task that waits for the garbage collection of an object. @category Leaks */
export interface CollectionTask {
  /** Cancels the task. No effect once it has run. */
  cancel(): void
}

/**
 * Calls `task` once, some time after `target` was garbage-collected. As long as it waits, `task` is alive with everything that it
 * references: it must not reference `target`.
 *
 * @category Leaks
 */
export type AfterCollection = (target: object, task: () => void) => CollectionTask

/** {@link AfterCollection} by a `FinalizationRegistry`; `undefined` on an engine that has none. @category Leaks */
export const afterCollection: AfterCollection | undefined =
  typeof FinalizationRegistry === 'function' ? byRegistry() : undefined

function byRegistry(): AfterCollection {
  // A registry that is itself garbage-collected calls nothing: this one lives as long as its module.
  const registry = new FinalizationRegistry<() => void>((task) => {
    task()
  })
  return (target, task) => {
    const token = {
      cancel(): void {
        registry.unregister(token)
      },
    }
    registry.register(target, task, token)
    return token
  }
}
