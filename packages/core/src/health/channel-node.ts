import { channel } from 'node:diagnostics_channel'

/** Publishes an event on the diagnostics channel `ldb:<name>`. Costs next to nothing without subscribers. */
export function publishEvent(name: string, event: object): void {
  const target = channel(`ldb:${name}`)
  if (target.hasSubscribers) target.publish(event)
}
