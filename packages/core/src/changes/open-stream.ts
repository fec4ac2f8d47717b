import { invalidArgument } from '@ldb/base'
import type { CommitLog } from '../log/commit-log.js'
import type { HandleSentinel } from '../health/leaks.js'
import { resolveChangesOptions } from './options.js'
import type { ChangesOptions } from './options.js'
import { ChangeStream } from './stream.js'
import type { ChangeParts } from './stream.js'

/** Opens a stream of committed changes; documented where it is exported, as `Database.changes`. */
export function openChangeStream<K, V>(
  parts: ChangeParts & { readonly log: CommitLog },
  sentinel: HandleSentinel,
  options: ChangesOptions<K, V> | undefined,
): ChangeStream<K, V> {
  const { health, log, pipeline } = parts
  health.assertReadable()
  const resolved = resolveChangesOptions(options as ChangesOptions<never, never> | undefined)
  if (resolved.keyspace !== undefined && resolved.keyspace.pipeline !== pipeline) {
    throw invalidArgument('keyspace must be a keyspace of the database')
  }
  if (log.isVolatile) pipeline.drain()
  const since = resolved.since ?? pipeline.seq
  if (since > pipeline.seq) throw invalidArgument(`there is no commit ${since} yet`)
  return new ChangeStream(parts, sentinel, resolved, log.readCommits(since))
}
