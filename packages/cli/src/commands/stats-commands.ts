import type { Command } from 'commander'
import type { DatabaseStats } from '@ldb/core'
import { openOptions, withDatabase } from '../data/open.js'
import type { OpenOptions } from '../data/open.js'
import { humanBytes, humanCount } from '../terminal/human-sizes.js'
import type { Output } from '../terminal/output.js'

interface JsonOptions extends OpenOptions {
  readonly json?: boolean
}

/** Adds the commands that show what a database contains. */
export function addStatsCommands(add: (name: string, description: string) => Command, output: Output): void {
  add('keyspaces <database>', 'list the keyspaces')
    .option('--json', 'print one JSON object a line')
    .action((path: string, options: JsonOptions) => keyspaces(path, options, output))
  add('stats <database>', 'print statistics')
    .option('--json', 'print all of them, as one JSON object')
    .action((path: string, options: JsonOptions) => stats(path, options, output))
}

async function keyspaces(path: string, options: JsonOptions, output: Output): Promise<void> {
  const descriptors = await withDatabase(path, { ...openOptions(options), readOnly: true }, (database) =>
    database.keyspaces(),
  )
  if (options.json === true) {
    for (const { name, engine, keys, values, ttlMs } of descriptors)
      await output.line(JSON.stringify({ name, engine, keys, values, ttlMs }))
    return
  }
  const rows = descriptors.map(({ name, engine, keys, values }) => [name, engine, keys, values])
  await output.table([['keyspace', 'engine', 'keys', 'values'], ...rows], [])
}

async function stats(path: string, options: JsonOptions, output: Output): Promise<void> {
  await withDatabase(path, { ...openOptions(options), readOnly: true }, async (database) => {
    const all = await database.stats()
    if (options.json === true) return output.line(JSON.stringify(all))
    await output.pairs(pairsOf(all))
    await output.line('')
    const rows = all.keyspaces.map(({ name, engine, entryCount, isEntryCountExact, ...figures }) => [
      name,
      engine,
      `${isEntryCountExact ? '' : '~'}${humanCount(entryCount)}`,
      humanBytes(figures.fileBytes),
      humanBytes(figures.liveBytes),
      humanBytes(figures.dirtyBytes),
      String(figures.depth),
    ])
    return output.table(
      [['keyspace', 'engine', 'entries', 'files', 'live', 'not in files', 'depth'], ...rows],
      [2, 3, 4, 5, 6],
    )
  })
}

/** The figures of the whole database that concern a file on the disk. */
function pairsOf({ seq, log, blobs, encryption }: DatabaseStats): (readonly [string, string])[] {
  return [
    ['newest commit', humanCount(seq)],
    ['log', `${humanBytes(log.fileBytes)} in ${log.segmentCount} segments`],
    ['since checkpoint', humanBytes(log.bytesSinceCheckpoint)],
    ...(blobs === undefined || blobs.fileCount === 0
      ? []
      : [['large values', `${humanBytes(blobs.fileBytes)} in ${blobs.fileCount} files`] as const]),
    ...(encryption === undefined
      ? []
      : [['encryption', `data key ${encryption.dataKeyId} of ${encryption.dataKeyCount}`] as const]),
  ]
}
