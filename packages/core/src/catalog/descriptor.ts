import { ownProperty } from '@ldb/base'
import type { KeyspaceDescriptor } from './catalog.js'

/**
 * Creates a frozen descriptor. An optional field that is absent is an own property: it must not be read from `Object.prototype`, because
 * the catalog would store it. Without a prototype the object would be a dictionary, and each put reads it.
 */
export function keyspaceDescriptor(fields: KeyspaceDescriptor): KeyspaceDescriptor {
  const { id, name, engine, compression, keys, values, createdSeq } = fields
  const expires = ownProperty(fields, 'expires')
  const ttlMs = ownProperty(fields, 'ttlMs')
  const blobs = ownProperty(fields, 'blobs')
  const dictionary = ownProperty(fields, 'dictionary')
  return Object.freeze({
    ...{ id, name, engine, compression, keys, values, createdSeq },
    ...{ expires, ttlMs, blobs, dictionary },
  })
}
