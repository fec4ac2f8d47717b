import { randomBytes } from 'node:crypto'
import { isDriverError } from '@ldb/cluster'
import type { ClusterDriver, CommitRequest, DriverKeyspace, Marker } from '@ldb/cluster'

/** What a client reports of its writes: a line before each attempt, and one when it knows the outcome. */
export type ClientReport =
  | {
      readonly kind: 'try'
      readonly name: string
      readonly marker: Marker
      readonly counter: string | undefined
    }
  | { readonly kind: 'applied' | 'notApplied'; readonly name: string; readonly wasUnknown: boolean }

/** What a client does. */
export interface ClientTask {
  readonly client: string
  /** Writers at the same time. */
  readonly concurrency: number
}

export const COUNTERS = 4
const CALL = { timeoutMs: 5000 }
const RESOLVE_PAUSE_MS = 50
/** Pause of a writer between two writes, so that the failures are many and the writes not too many, in milliseconds. */
const PAUSE_MS = 10

/** Writes until `isStopped`: unique keys, and counters that it reads, increments and writes. */
export async function runClient(
  driver: ClusterDriver,
  keyspace: DriverKeyspace,
  task: ClientTask,
  report: (line: ClientReport) => void,
  isStopped: () => boolean,
): Promise<void> {
  const writer = async (number: number): Promise<void> => {
    for (let sequence = 0; !isStopped(); sequence++) {
      const name = `${task.client}.${number}.${sequence}`
      await attempt(
        driver,
        keyspace,
        name,
        sequence % 3 === 0 ? `counter ${sequence % COUNTERS}` : undefined,
        report,
      )
      await new Promise((done) => setTimeout(done, PAUSE_MS))
    }
  }
  await Promise.all(Array.from({ length: task.concurrency }, (_, number) => writer(number)))
}

/** Puts the key `name`, in one transaction with an increment of `counter` if there is one. */
async function attempt(
  driver: ClusterDriver,
  keyspace: DriverKeyspace,
  name: string,
  counter: string | undefined,
  report: (line: ClientReport) => void,
): Promise<void> {
  const marker = randomBytes(16).toString('hex') as Marker
  const transaction = driver.begin({ mode: 'readWrite', isolation: 'serializable', isSingleRead: false })
  let request: CommitRequest
  try {
    request = await prepare(transaction, keyspace, name, counter, marker)
  } catch (error) {
    if (!isDriverError(error, 'unavailable')) throw error
    return
  }
  report({ kind: 'try', name, marker, counter })
  try {
    await transaction.commit(request, CALL)
    report({ kind: 'applied', name, wasUnknown: false })
  } catch (error) {
    if (isDriverError(error, 'commitUnknown')) {
      report({ kind: await resolve(driver, marker), name, wasUnknown: true })
      return
    }
    report({ kind: 'notApplied', name, wasUnknown: false })
    if (!isDriverError(error, 'conflict') && !isDriverError(error, 'unavailable')) throw error
  }
}

async function prepare(
  transaction: ReturnType<ClusterDriver['begin']>,
  keyspace: DriverKeyspace,
  name: string,
  counter: string | undefined,
  marker: Marker,
): Promise<CommitRequest> {
  const put = { keyspace, key: encode(`unique ${name}`), value: encode(name) }
  const none = { marker, deletedRanges: [], readRanges: [] }
  if (counter === undefined) return { ...none, writes: [put], readKeys: [] }
  const key = encode(counter)
  const [value] = await transaction.getMany([{ keyspace, key }], CALL)
  const next = encode(String(Number(decode(value ?? encode('0'))) + 1))
  return { ...none, writes: [{ keyspace, key, value: next }, put], readKeys: [{ keyspace, key }] }
}

/** Decides an unknown outcome, however long it takes. */
export async function resolve(driver: ClusterDriver, marker: Marker): Promise<'applied' | 'notApplied'> {
  for (;;) {
    try {
      return await driver.resolve(marker, CALL)
    } catch (error) {
      if (!isDriverError(error, 'unavailable')) throw error
      await new Promise((done) => setTimeout(done, RESOLVE_PAUSE_MS))
    }
  }
}

export function encode(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

export function decode(value: Uint8Array): string {
  return new TextDecoder().decode(value)
}
