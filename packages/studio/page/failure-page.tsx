import { MapView } from './map/map-view.js'
import type { Overview } from './server-calls.js'

interface Reason {
  readonly title: string
  readonly text: string
}

const REASONS: Readonly<Record<string, Reason>> = {
  LDB_LOCKED: {
    title: 'The database is locked',
    text: 'Another process has this database open. Close it there, then try again; or start the studio with --read-only, when the other process reads only.',
  },
  LDB_CORRUPTION: {
    title: 'The database is damaged',
    text: 'It cannot be opened. The map shows where the damage is; ldb repair writes what is whole into a new directory.',
  },
  LDB_NOT_FOUND: {
    title: 'There is no database here',
    text: 'The directory is absent, or contains no database. The studio creates none.',
  },
  LDB_FORMAT: {
    title: 'This is not a database of this version',
    text: 'The files are none of LDB, or were written by a newer version.',
  },
  LDB_POISONED: {
    title: 'The database has failed',
    text: 'A write or a sync has failed. The program must close the database and open it again.',
  },
}

const NO_KEY: Reason = {
  title: 'The database is encrypted',
  text: 'Start the studio with --key-file, or with LDB_KEY or LDB_PASSPHRASE in its environment. The page takes no key.',
}
const WRONG_KEY: Reason = {
  title: 'The key does not open the database',
  text: 'The key file or the variable of the environment has another key than the database. Start the studio with the right one.',
}
const CLOSED: Reason = {
  title: 'The database is closed',
  text: 'The program to which it belongs has closed it.',
}
const REOPENABLE: Reason = { title: 'The database is closed', text: 'It can be opened again.' }
const OTHER: Reason = { title: 'The database is not open', text: '' }

function reasonOf({ failure, isReopenable }: Overview): Reason {
  const code = failure?.code ?? ''
  if (code === 'LDB_KEY') return failure?.hasKey === true ? WRONG_KEY : NO_KEY
  if (code === 'LDB_CLOSED') return isReopenable ? REOPENABLE : CLOSED
  return REASONS[code] ?? OTHER
}

interface Properties {
  readonly overview: Overview
  readonly retry: () => void
  readonly onError: (error: unknown) => void
}

/** Why the database is not open, and what helps. */
export function FailurePage({ overview, retry, onError }: Properties) {
  const { code = '', message = '' } = overview.failure ?? {}
  const { title, text } = reasonOf(overview)
  return (
    <main class="plain">
      <h1>{title}</h1>
      <p role="alert">{text === '' ? message : text}</p>
      <p class="hint">
        <code>{overview.path}</code> {code}: {message}
      </p>
      {overview.isReopenable && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
      {code === 'LDB_CORRUPTION' && <MapView onError={onError} />}
    </main>
  )
}

/** The server of the page has ended, or the token of the address is another one. */
export function GonePage({ reason }: { readonly reason: string }) {
  return (
    <main class="plain">
      <h1>The studio does not answer</h1>
      <p role="alert">
        It has ended, or this address is that of an earlier run. Start it again, and open the address that it
        prints.
      </p>
      <p class="hint">{reason}</p>
      <button type="button" onClick={() => location.reload()}>
        Try again
      </button>
    </main>
  )
}
