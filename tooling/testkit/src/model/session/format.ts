import type { DatabaseStats, KeyspaceDescriptor, VerifyReport } from '@ldb/core'

/** Formats the statistics that the reference knows. */
export function formatStats({ seq, commitCount, poisoned, reads, keyspaces }: DatabaseStats): string {
  const sizes = keyspaces.map(({ entryCount }) => entryCount).join()
  return `${seq} ${commitCount} ${reads.openCount} ${sizes}${poisoned ? ' poisoned' : ''}`
}

/** Formats a verification report. */
export function formatReport({ findingCount, findings, parts }: VerifyReport): string {
  const sizes = parts.filter(({ name }) => name.startsWith('keyspace:')).map(({ entryCount }) => entryCount)
  const first = findings[0] === undefined ? '' : ` ${JSON.stringify(findings[0])}`
  return `${findingCount} findings, ${sizes.join()}${first}`
}

/** Formats a list of keyspaces. */
export function formatKeyspaces(descriptors: readonly KeyspaceDescriptor[]): string {
  return descriptors.map(({ id, name, keys, values }) => `${id} ${name} ${keys} ${values}`).join()
}
