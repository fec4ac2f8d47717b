import { invalidArgument, kindOf, LdbError, throwIfAborted } from '@ldb/base'
import { nodeEnvironment } from '../host/environment-node.js'
import { nameOfKey } from '../buffer/key-name.js'
import type { KeyValueDatabase, KeyValueKeyspace, KeyValueReads } from '../key-value-database.js'
import { copyKeyspace, entriesAfter } from './copy-keyspace.js'
import type { CopyPosition } from './copy-keyspace.js'
import { encodingsOf, resolveCopyOptions } from './copy-options.js'
import type { CopiedEncodings, CopyOptions, ResolvedCopyOptions } from './copy-options.js'
import { Digest } from './digest-node.js'

/** Keyspace of the target with the positions of a copy that has not ended. */
const POSITIONS_KEYSPACE = 'ldb-copy'
/** Entries between two reports of the verification. */
const REPORT_ENTRIES = 1_000

/** A keyspace that was copied and verified. @category Copies */
export interface CopiedKeyspace {
  readonly name: string
  /** Number of entries that do not expire, the same in both databases. */
  readonly count: number
  /** SHA-256 of these entries, encoded, the same in both databases. */
  readonly digest: string
}

/** What {@link copyDatabase} has done. @category Copies */
export interface CopyReport {
  readonly keyspaces: readonly CopiedKeyspace[]
}

/**
 * Copies all keyspaces of a database into another one, embedded or cluster, and verifies the copy: the number of entries and their digest are equal in both.
 *
 * @remarks Reads one snapshot of the source. The target has no entries in these keyspaces, except those of a copy that was interrupted: the same call then
 * continues it, from the position that each batch has recorded in the target, in the keyspace `ldb-copy`, which a complete copy drops. Writes to the source between
 * the runs are found by the verification. Entries that expire are copied with their expiries, and are not verified.
 * @throws {@link LdbError} LDB_EXISTS when a keyspace of the target is not empty, or has other encodings; LDB_CONFLICT when the copy differs: clear the target and start
 * over; LDB_TOO_LARGE for an entry that the target cannot hold; LDB_INVALID_ARGUMENT; LDB_ABORTED; the errors of both databases.
 * @example
 * ```ts
 * import { ClusterDatabase, copyDatabase, memoryDriver } from '@ldb/cluster'
 *
 * const source = await ClusterDatabase.open(memoryDriver())
 * await source.put('a', '1')
 * const target = await ClusterDatabase.open(memoryDriver())
 * const { keyspaces } = await copyDatabase(source, target)
 * console.log(keyspaces[0]?.count, await target.get('a')) // 1 1
 * await Promise.all([source.close(), target.close()])
 * ```
 * @category Copies
 */
export async function copyDatabase(
  from: KeyValueDatabase,
  to: KeyValueDatabase,
  options?: CopyOptions,
): Promise<CopyReport> {
  const resolved = resolveCopyOptions(options)
  for (const [name, database] of Object.entries({ from, to })) {
    if (typeof (database as Partial<KeyValueDatabase> | undefined)?.snapshot !== 'function')
      throw invalidArgument(`${name} must be an open database, not ${kindOf(database)}`)
  }
  const parts: CopyParts[] = []
  for (const descriptor of await from.keyspaces())
    if (descriptor.name !== POSITIONS_KEYSPACE) parts.push(await openPart(from, to, descriptor, resolved))
  const positions = await openPositions(to, parts)
  const snapshot = from.snapshot()
  try {
    for (const part of parts) {
      const source = snapshot.in(part.from)
      const { keys } = part.encodings
      const copy = {
        name: part.name,
        source,
        mayExpire: part.mayExpire,
        target: part.target,
        positions,
        decodeKey: (hex: string) => keys.decode(bytesOf(hex)),
        encodeKey: (key: unknown) => hexOf(keys.encode(key)),
      }
      await copyKeyspace(to, copy, { ...resolved, now: () => nodeEnvironment.now() })
    }
    const keyspaces: CopiedKeyspace[] = []
    const written: readonly CopiedDescriptor[] = await to.keyspaces()
    for (const part of parts) {
      const mayExpire = written.some(({ name, expires }) => name === part.name && expires === true)
      keyspaces.push(await verify(part, snapshot.in(part.from), mayExpire, resolved))
    }
    await to.dropKeyspace(POSITIONS_KEYSPACE)
    return { keyspaces }
  } finally {
    await snapshot.release()
  }
}

/** What a database says of a keyspace. */
interface CopiedDescriptor {
  readonly name: string
  readonly keys: string
  readonly values: string
  /** Entries of an embedded keyspace may expire. */
  readonly expires?: true | undefined
}

interface CopyParts {
  readonly name: string
  /** What the descriptor of an embedded keyspace says. */
  readonly mayExpire: boolean
  readonly from: KeyValueKeyspace<unknown, unknown>
  readonly target: KeyValueKeyspace<unknown, unknown>
  readonly encodings: CopiedEncodings
}

async function openPart(
  from: KeyValueDatabase,
  to: KeyValueDatabase,
  descriptor: CopiedDescriptor,
  options: ResolvedCopyOptions,
): Promise<CopyParts> {
  const { name } = descriptor
  const encodings = encodingsOf(descriptor, options)
  return {
    name,
    encodings,
    mayExpire: descriptor.expires === true,
    from: await from.keyspace(name, encodings),
    target: await to.keyspace(name, encodings),
  }
}

/** Opens the keyspace of positions. A refused target is left without one. @throws {@link LdbError} LDB_EXISTS. */
async function openPositions(
  to: KeyValueDatabase,
  parts: readonly CopyParts[],
): Promise<KeyValueKeyspace<string, CopyPosition>> {
  const open = (): Promise<KeyValueKeyspace<string, CopyPosition>> =>
    to.keyspace<string, CopyPosition>(POSITIONS_KEYSPACE, { values: 'json' })
  const isContinued = (await to.keyspaces()).some(({ name }) => name === POSITIONS_KEYSPACE)
  const positions = isContinued ? await open() : undefined
  for (const { name, target } of parts) {
    if ((await positions?.has(name)) === true) continue
    if ((await target.keys({ limit: 1 }).toArray()).length > 0)
      throw new LdbError('LDB_EXISTS', `keyspace ${JSON.stringify(name)} of the target is not empty`)
  }
  return positions ?? open()
}

/** Compares both sides. @param targetMayExpire - as `mayExpire`, of the target. @throws {@link LdbError} LDB_CONFLICT. */
async function verify(
  { name, target, encodings, mayExpire }: CopyParts,
  source: KeyValueReads<unknown, unknown>,
  targetMayExpire: boolean,
  { signal, onProgress }: ResolvedCopyOptions,
): Promise<CopiedKeyspace> {
  const expiring = new Set<string>()
  const summarize = async (
    side: KeyValueReads<unknown, unknown>,
    sideMayExpire: boolean,
  ): Promise<CopiedKeyspace> => {
    const digest = new Digest()
    let count = 0
    for await (const [key, value, expiresAt] of entriesAfter(side, undefined, sideMayExpire)) {
      throwIfAborted(signal, 'copy')
      const encoded = encodings.keys.encode(key)
      if (expiresAt !== Infinity) expiring.add(nameOfKey(encoded))
      if (expiring.size > 0 && expiring.has(nameOfKey(encoded))) continue
      digest.add(encoded)
      digest.add(encodings.values.encode(value))
      if (++count % REPORT_ENTRIES === 0) onProgress({ phase: 'verify', keyspace: name, count })
    }
    return { name, count, digest: digest.finish() }
  }
  const expected = await summarize(source, mayExpire)
  const actual = await summarize(target, targetMayExpire)
  onProgress({ phase: 'verify', keyspace: name, count: actual.count })
  if (expected.count === actual.count && expected.digest === actual.digest) return actual
  const message = `the copy of keyspace ${JSON.stringify(name)} differs: the source was written to between two runs, or the target was`
  throw new LdbError('LDB_CONFLICT', message, { details: { expected: expected.count, actual: actual.count } })
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16))
}
