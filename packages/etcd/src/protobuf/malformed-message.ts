import { LdbError } from '@ldb/base'

/** Creates the error of a response that is not a protobuf message: `LDB_IO`. */
export function malformedMessage(reason: string): LdbError {
  return new LdbError('LDB_IO', `etcd sent a malformed message: ${reason}`)
}
