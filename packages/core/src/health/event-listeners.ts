import { invalidArgument, kindOf } from '@ldb/base'
import type { DatabaseEventName, EventHub } from './events.js'
import type { Health } from './health.js'

/**
 * Returns the listeners of an event, to which the caller adds a listener or from which it removes one.
 *
 * @throws {@link LdbError} LDB_CLOSED; LDB_INVALID_ARGUMENT when the listener is not a function, or for an unknown event.
 */
export function listenersOf(
  { health, events }: { readonly health: Health; readonly events: EventHub },
  name: DatabaseEventName,
  listener: unknown,
): Set<(event: object) => void> {
  health.assertOpen()
  if (typeof listener !== 'function')
    throw invalidArgument(`the listener must be a function, not ${kindOf(listener)}`)
  const listeners = events.listenersOf(name)
  if (listeners === undefined) {
    const given: unknown = name
    throw invalidArgument(`there is no event ${typeof given === 'string' ? given : kindOf(given)}`)
  }
  return listeners as Set<(event: object) => void>
}
