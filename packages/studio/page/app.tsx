import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import 'uplot/dist/uPlot.min.css'
import './style.css'
import './views.css'
import { EntriesView } from './entries-view.js'
import { FailurePage, GonePage } from './failure-page.js'
import { ChangesView } from './live/changes-view.js'
import { LogView } from './live/log-view.js'
import { StatisticsView } from './live/statistics-view.js'
import { MapView } from './map/map-view.js'
import { call, followLines, ServerGone } from './server-calls.js'
import type { Commit, Overview } from './server-calls.js'
import { SideBar } from './side-bar.js'
import type { View } from './side-bar.js'

const COMMITS_MAX = 200
/** A change of the figures of the keyspaces is read when no commit follows for so long. */
const FIGURES_MS = 1000

function App() {
  const [overview, setOverview] = useState<Overview>()
  const [gone, setGone] = useState<string>()
  const [name, setName] = useState<string>()
  const [view, setView] = useState<View>('Entries')
  const [isEditing, setEditing] = useState(false)
  const [commits, setCommits] = useState<readonly Commit[]>([])
  const [message, setMessage] = useState<{ text: string; isError: boolean }>()
  const load = (path: 'overview' | 'open'): void => {
    call<Overview>(path).then(setOverview, onError)
  }
  const onError = (error: unknown): void => {
    if (error instanceof ServerGone) {
      setGone(error.message)
      return
    }
    const text = error instanceof Error ? error.message : String(error)
    // The database was closed beneath: the overview says so.
    if (text.startsWith('LDB_CLOSED')) load('overview')
    else setMessage({ text, isError: true })
  }
  useEffect(() => load('overview'), [])
  useEffect(() => {
    if (overview?.isOpen !== true) return
    const ended = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const onCommit = (commit: Commit): void => {
      setCommits((all) => [commit, ...all].slice(0, COMMITS_MAX))
      setOverview((now) => now && { ...now, seq: commit.seq })
      clearTimeout(timer)
      timer = setTimeout(() => load('overview'), FIGURES_MS)
    }
    followLines('changes', onCommit, ended.signal).then(
      () => load('overview'),
      (error: unknown) => {
        if (!ended.signal.aborted) onError(error)
      },
    )
    return () => {
      ended.abort()
      clearTimeout(timer)
    }
  }, [overview?.isOpen])
  const keyspaces = overview?.keyspaces ?? []
  const keyspace = keyspaces.find((each) => each.name === name) ?? keyspaces[0]
  useEffect(() => {
    document.title = `${view === 'Entries' && keyspace !== undefined ? keyspace.name : view} – LDB studio`
  }, [view, keyspace?.name])

  if (gone !== undefined) return <GonePage reason={gone} />
  const notice = (
    // Present before its content, so that screen readers announce it.
    <div role={message?.isError === true ? 'alert' : 'status'} class="notices">
      {message !== undefined && (
        <p class={message.isError ? 'notice error' : 'notice'}>
          {message.text}{' '}
          <button type="button" onClick={() => setMessage(undefined)}>
            Close
          </button>
        </p>
      )}
    </div>
  )
  if (overview === undefined)
    return (
      <main class="plain">
        <h1>LDB studio</h1>
        {notice}
      </main>
    )
  if (!overview.isOpen) {
    return <FailurePage overview={overview} retry={() => load('open')} onError={onError} />
  }
  return (
    <div class="layout">
      <header>
        <a class="skip" href="#content" onClick={skip}>
          To the content
        </a>
        <h1>LDB studio</h1>
        <code title="Directory">{overview.path}</code>
        <span>commit {overview.seq?.toLocaleString('en')}</span>
        {overview.readOnly === true ? (
          <strong class="badge">read-only</strong>
        ) : (
          <label class="switch">
            <input
              type="checkbox"
              role="switch"
              checked={isEditing}
              onChange={(event) => setEditing(event.currentTarget.checked)}
            />
            Edit
          </label>
        )}
      </header>
      <SideBar
        keyspaces={keyspaces}
        keyspace={keyspace}
        view={view}
        onKeyspace={(chosen) => {
          setName(chosen)
          setView('Entries')
        }}
        onView={setView}
      />
      <main id="content" tabIndex={-1} aria-label={view}>
        {notice}
        {view === 'Entries' && keyspace !== undefined && (
          <EntriesView
            key={keyspace.name}
            keyspace={keyspace}
            isEditing={isEditing && overview.readOnly !== true}
            seq={overview.seq ?? 0}
            onMessage={(text) => setMessage({ text, isError: false })}
            onError={onError}
          />
        )}
        {view === 'Map' && <MapView onError={onError} />}
        {view === 'Statistics' && <StatisticsView onError={onError} />}
        {view === 'Changes' && <ChangesView commits={commits} />}
        {view === 'Log' && <LogView onError={onError} />}
      </main>
    </div>
  )
}

/** Moves the focus, and leaves the address: its fragment is the token. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('content')?.focus()
}

const root = document.getElementById('app')
if (root !== null) render(<App />, root)
