import { invalidArgument } from '@ldb/base'
import type { CommitLog } from '../log/commit-log.js'
import type { HandleSentinel } from '../health/leaks.js'
import type { Consumers, ConsumerStore } from './consumers.js'
import { OpenConsumer } from './open-consumer.js'
import { resolveChangesOptions } from './options.js'
import type { ChangesOptions } from './options.js'
import { ChangeStream } from './stream.js'
import type { ChangeParts } from './stream.js'

/** The named consumers of a database. */
interface ConsumersAccess {
  readonly registry: Consumers
  /** Opens or creates the keyspace with their positions. */
  readonly open: () => ConsumerStore
}

/** Opens a stream of committed changes; documented where it is exported, as `Database.changes`. */
export function openChangeStream<K, V>(
  parts: ChangeParts & { readonly log: CommitLog },
  sentinel: HandleSentinel,
  { registry: consumers, open: openStore }: ConsumersAccess,
  options: ChangesOptions<K, V> | undefined,
): ChangeStream<K, V> {
  const { health, log, pipeline } = parts
  health.assertReadable()
  const resolved = resolveChangesOptions(options as ChangesOptions<never, never> | undefined)
  const { consumer: name, acknowledgesNext } = resolved
  if (resolved.keyspace !== undefined && resolved.keyspace.pipeline !== pipeline) {
    throw invalidArgument('keyspace must be a keyspace of the database')
  }
  if (name !== undefined) pipeline.assertWritable()
  if (log.isVolatile) pipeline.drain()
  if (resolved.since !== undefined && resolved.since > pipeline.seq)
    throw invalidArgument(`there is no commit ${resolved.since} yet`)
  if (name === undefined) {
    const commits = log.readCommits(resolved.since ?? pipeline.seq)
    return new ChangeStream(parts, sentinel, resolved, commits, undefined)
  }
  // The first consumer creates a keyspace, which is a commit: what follows `since` must not go meanwhile.
  const hold = log.holdCommits(resolved.since ?? pipeline.seq, () => true)
  try {
    const store = openStore()
    const { commits, position, isRecorded } = consumers.open(name, resolved.since, pipeline.seq, store)
    const consumer = new OpenConsumer(name, position, store, consumers, {
      since: commits.seq,
      isRecorded,
      acknowledgesNext,
    })
    return new ChangeStream(parts, sentinel, resolved, commits, consumer)
  } finally {
    hold.close()
  }
}
