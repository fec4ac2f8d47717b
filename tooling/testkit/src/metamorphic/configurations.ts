import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryVfs, NodeVfs, OverlayVfs } from '@ldb/vfs'
import { LSM_COMPRESSIONS } from '../subjects/compressions.js'
import { smallLsmEngine } from '../subjects/small-lsm-engine.js'
import { PLAIN_SETTINGS } from '../model/commands/run-settings.js'
import type { RunSettings } from '../model/commands/run-settings.js'
import type { DatabaseLocation } from '../model/session/session.js'

/** A configuration of the database in which the same commands must return the same results. */
export interface Configuration {
  readonly name: string
  readonly settings: RunSettings
  readonly kind: 'memory files' | 'node files' | 'overlay' | 'overlay on node files' | 'memory only'
}

function configuration(
  name: string,
  kind: Configuration['kind'],
  settings: Partial<RunSettings>,
): Configuration {
  return { name, kind, settings: { ...PLAIN_SETTINGS, ...settings } }
}

/**
 * All configurations. The first is the baseline.
 *
 * @remarks Pages of 512 and of 32,768 bytes also cover the two implementations of the checksum: short inputs are
 * hashed in TypeScript, long ones natively.
 */
export const CONFIGURATIONS: readonly Configuration[] = [
  configuration('plain', 'memory files', {}),
  configuration('smallest page and cache', 'memory files', {
    pageBytes: 512,
    cacheBytes: 65_536,
    maxOpenFiles: 2,
  }),
  configuration('encrypted', 'memory files', {
    isEncrypted: true,
    pageBytes: 1_024,
    checkpointLogBytes: 4_000,
  }),
  configuration('no hash index', 'memory files', { pageBytes: 1_024, usesHashIndex: false }),
  configuration('constant checkpoints and segments', 'memory files', {
    pageBytes: 1_024,
    durability: 'periodic',
    checkpointLogBytes: 2_000,
    segmentBytes: 1_024,
    preallocateBytes: 4_096,
  }),
  configuration('buffered', 'memory files', { pageBytes: 2_048, durability: 'none', preallocateBytes: 0 }),
  configuration('occasional checkpoints', 'memory files', { pageBytes: 4_096, checkpointLogBytes: 20_000 }),
  configuration('large pages, smallest cache', 'memory files', {
    pageBytes: 16_384,
    cacheBytes: 65_536,
    durability: 'none',
  }),
  configuration('largest page, large cache', 'memory files', {
    pageBytes: 32_768,
    cacheBytes: 16_777_216,
  }),
  configuration('utf8 encodings', 'memory files', { keys: 'utf8', values: 'utf8', segmentBytes: 4_096 }),
  configuration('utf8 keys, JSON values', 'memory files', {
    keys: 'utf8',
    values: 'json',
    pageBytes: 512,
    checkpointLogBytes: 5_000,
  }),
  configuration('real files, synced', 'node files', {
    pageBytes: 1_024,
    checkpointLogBytes: 5_000,
    segmentBytes: 4_096,
    maxOpenFiles: 2,
  }),
  configuration('real files, buffered', 'node files', { durability: 'none', cacheBytes: 65_536 }),
  configuration('overlay', 'overlay', { durability: 'periodic', pageBytes: 4_096 }),
  configuration('overlay on real files', 'overlay on node files', {
    pageBytes: 512,
    checkpointLogBytes: 10_000,
  }),
  configuration('values in blob files', 'memory files', {
    pageBytes: 1_024,
    blobBytes: 64,
    checkpointLogBytes: 5_000,
  }),
  configuration('no compression', 'memory files', { pageBytes: 512, compression: 'none' }),
  configuration('deflate, in extents and blob files', 'memory files', {
    pageBytes: 512,
    blobBytes: 1024,
    compression: 'deflate',
    checkpointLogBytes: 5_000,
  }),
  configuration('dictionaries', 'memory files', {
    pageBytes: 1_024,
    usesDictionaries: true,
    checkpointLogBytes: 5_000,
  }),
  configuration('memory only', 'memory only', { pageBytes: 2_048, cacheBytes: 65_536 }),
  ...LSM_COMPRESSIONS.map((compression, index) =>
    configuration(
      `LSM trees, compression ${typeof compression === 'object' ? compression.name : compression}`,
      'memory files',
      {
        engines: { btree: smallLsmEngine(index, compression) },
        checkpointLogBytes: 20_000,
      },
    ),
  ),
]

/** A file system in memory, where Linux has one: the calls are tested, not the device. */
const MEMORY_DISK = '/dev/shm'

/** The location of one run, and the function that deletes it. */
export interface RunLocation {
  readonly location: DatabaseLocation
  remove(): void
}

/** Returns an empty location. */
export function newLocation(kind: Configuration['kind']): RunLocation {
  const nothing = (): void => undefined
  if (kind === 'memory files')
    return { location: { vfs: new MemoryVfs(), directory: 'data' }, remove: nothing }
  if (kind === 'memory only')
    return { location: { vfs: new MemoryVfs(), directory: 'data', isMemoryOnly: true }, remove: nothing }
  if (kind === 'overlay')
    return { location: { vfs: new OverlayVfs(new MemoryVfs()), directory: 'data' }, remove: nothing }
  const root = mkdtempSync(join(existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), 'ldb-metamorphic-'))
  const vfs = kind === 'node files' ? new NodeVfs() : new OverlayVfs(new NodeVfs())
  return {
    location: { vfs, directory: join(root, 'data') },
    remove: (): void => {
      rmSync(root, { recursive: true, force: true })
    },
  }
}
