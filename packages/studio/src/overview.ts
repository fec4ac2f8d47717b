import type { Session } from './session.js'

/** Returns what every view needs: the state of the database, and its keyspaces with their figures. */
export async function overview(session: Session): Promise<object> {
  const { path, failure, isReopenable } = session
  if (!session.isOpen) return { path, isOpen: false, isReopenable, failure }
  const [stats, descriptors] = await Promise.all([session.stats(), session.database.keyspaces()])
  const keyspaces = descriptors.map(({ name, engine, keys, values }) => {
    const figures = stats.keyspaces.find((each) => each.name === name)
    return {
      name,
      engine,
      keys,
      values,
      entryCount: figures?.entryCount,
      isEntryCountExact: figures?.isEntryCountExact,
      fileBytes: figures?.fileBytes,
      liveBytes: figures?.liveBytes,
      dirtyBytes: figures?.dirtyBytes,
    }
  })
  return { path, isOpen: true, isReopenable, readOnly: stats.readOnly, seq: stats.seq, keyspaces }
}
