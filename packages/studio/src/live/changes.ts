import type { ServerResponse } from 'node:http'
import type { Change, CommittedChanges } from '@ldb/core'
import { toBase64 } from '../entry-text.js'
import { sendLines } from './line-stream.js'
import type { Session } from '../session.js'

/** Changes of a commit that the page is sent. */
const CHANGES_MAX = 20

/** Writes commits as lines of JSON, as they become visible, until the page closes the response. */
export async function sendChanges(session: Session, response: ServerResponse): Promise<void> {
  const { database } = session
  await sendLines(response, (signal) => linesOf(database.changes({ signal })))
}

async function* linesOf(changes: AsyncIterable<CommittedChanges>): AsyncGenerator<object> {
  for await (const commit of changes) yield lineOf(commit)
}

function lineOf({ seq, changes }: CommittedChanges): object {
  return {
    seq,
    changeCount: changes.length,
    changes: changes.slice(0, CHANGES_MAX).map((change: Change) => ({
      kind: change.kind,
      keyspace: change.keyspace,
      ...('key' in change ? { key: shown(change.key) } : {}),
      ...('value' in change ? { value: shown(change.value) } : {}),
    })),
  }
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return toBase64(value.subarray(0, 120))
  const text =
    typeof value === 'string'
      ? value
      : (JSON.stringify(value, (_name, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each)) as
          string | undefined)
  return (text ?? '').slice(0, 120)
}
