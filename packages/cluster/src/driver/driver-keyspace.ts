/**
 * A keyspace of the engine: one ordered map from byte strings to byte strings, in byte order.
 *
 * @category Driver
 */
export interface DriverKeyspace {
  /** Name: 1 to 128 bytes in UTF-8, any characters but NUL. */
  readonly name: string
  /** Identity. It differs from that of every other keyspace that the cluster has or had: a keyspace that was dropped and created again has another. */
  readonly id: string
  /** Text of the layer above, stored with the keyspace when it was created, up to 4 KiB. The driver does not interpret it. */
  readonly properties: string
}
