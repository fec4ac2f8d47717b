import { batchCalls } from './calls/batch-calls.js'
import { changeCalls } from './calls/change-calls.js'
import { dataCalls } from './calls/data-calls.js'
import { databaseCalls } from './calls/database-calls.js'
import { iteratorCalls } from './calls/iterator-calls.js'
import { maintenanceCalls } from './calls/maintenance-calls.js'
import { sharedCalls } from './calls/shared-calls.js'
import { viewCalls } from './calls/view-calls.js'
import { LibraryContext } from './library-context.js'
import type { LibraryFunction } from './library-context.js'
import type { WindowHost } from './read-windows.js'
import type { CommitHost } from './shared-commits.js'

/** What the library itself calls of its host. The files, locks, clock and hash of the engine have further calls (SPEC.md). @category Interface */
export interface LibraryHost extends Partial<WindowHost>, Partial<CommitHost> {
  /** Receives the memory through which bytes pass, now and whenever it is replaced. */
  setArena(bytes: Uint8Array): void
}

/** The functions of the library by name: numbers in, a number out. @category Interface */
export type Library = Readonly<Record<string, LibraryFunction>>

/**
 * Creates the functions that the C library calls. Each takes up to five numbers and returns one: negative for an error, as in
 * {@link STATUS}. Bytes pass through the arena. No function throws.
 *
 * @remarks Inside of the portable bundle the engine uses the files of the host; in Node.js those of Node.js.
 * @category Interface
 */
export function createLibrary(host: LibraryHost): Library {
  const onArenaReplaced = (bytes: Uint8Array): void => {
    host.setArena(bytes)
  }
  const context = new LibraryContext(onArenaReplaced, windowHostOf(host), commitHostOf(host))
  const functions = {
    ...databaseCalls(context),
    ...dataCalls(context),
    ...viewCalls(context),
    ...iteratorCalls(context),
    ...batchCalls(context),
    ...sharedCalls(context),
    ...changeCalls(context),
    ...maintenanceCalls(context),
    /** The host calls it after other functions, timers and jobs, before it reads by itself. */
    refreshWindows: () => {
      context.windows.refresh()
      return 0
    },
    errorText: () => context.storeErrorText(),
  }
  return Object.freeze(
    Object.fromEntries(Object.entries(functions).map(([name, run]) => [name, context.guard(run)])),
  )
}

function windowHostOf({ publishWindow, withdrawWindow }: LibraryHost): WindowHost | undefined {
  return publishWindow === undefined || withdrawWindow === undefined
    ? undefined
    : { publishWindow, withdrawWindow }
}

function commitHostOf({ settleCommit }: LibraryHost): CommitHost | undefined {
  return settleCommit === undefined ? undefined : { settleCommit }
}
