import type { KeyspaceDescriptor } from './catalog.js'

/**
 * Creates a descriptor: frozen, and without a prototype. An optional field that is absent must not be read from `Object.prototype`,
 * because the catalog would store it.
 */
export function keyspaceDescriptor(fields: KeyspaceDescriptor): KeyspaceDescriptor {
  return Object.freeze(Object.assign(Object.create(null) as KeyspaceDescriptor, fields))
}
