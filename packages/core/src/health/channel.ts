/**
 * Publishes an event to subscribers in the process.
 *
 * @remarks Does nothing: bare engines have no diagnostics channels. channel-node.ts is the counterpart for Node.
 */
export function publishEvent(_name: string, _event: object, _database: string | undefined): void {
  // There are no channels.
}
