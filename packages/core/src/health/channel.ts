/**
 * Publishes an event to whoever watches the process, and not one database.
 *
 * @remarks Here nobody does: bare engines have no diagnostics channels. channel-node.ts is the twin for Node.
 */
export function publishEvent(_name: string, _event: object): void {
  // Nothing to publish to.
}
