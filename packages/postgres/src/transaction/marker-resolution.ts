import type { CommitOutcome, Marker } from '@ldb/cluster'
import type { SchemaNames } from '../schema/schema-names.js'
import type { Session } from '../session/session.js'
import { markerBytes } from './commit-statements.js'

/**
 * Decides whether the commit with a marker is applied: claims the marker with a row that has no `seq`. The insertion waits for a transaction that has
 * inserted the marker and has not ended.
 *
 * @remarks An outcome is returned only after a write of this session was committed: where commits wait for a standby, the outcome is there, too.
 */
export async function resolveMarker(
  session: Session,
  names: SchemaNames,
  marker: Marker,
): Promise<CommitOutcome> {
  const table = names.table('commits')
  const id = markerBytes(marker)
  const claimed = await session.query(
    `insert into ${table} (id, seq) values ($1::bytea, null) on conflict (id) do nothing returning 1`,
    [id],
  )
  if (claimed.rows.length > 0) return 'notApplied'
  const found = await session.query(`update ${table} set at = at where id = $1::bytea returning seq`, [id])
  const [row] = found.rows
  // The row was deleted between the two statements, which happens to old rows only: the next attempt decides.
  if (row === undefined) return resolveMarker(session, names, marker)
  return row[0] === null ? 'notApplied' : 'applied'
}
