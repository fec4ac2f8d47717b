import { channel } from 'node:diagnostics_channel'

/**
 * Publishes an event on the diagnostics channel `ldb:<name>`, with the directory of its database as `database`. Costs next to nothing without
 * subscribers.
 */
export function publishEvent(name: string, event: object, database: string | undefined): void {
  const target = channel(`ldb:${name}`)
  if (target.hasSubscribers) target.publish({ ...event, database })
}
