import { useState } from 'preact/hooks'
import { EntryPanel } from './entry-panel.js'
import { EntryTable } from './entry-table.js'
import type { KeyspaceFigures, Row } from './server-calls.js'
import type { ValueFormat } from './value-text.js'

interface Properties {
  readonly keyspace: KeyspaceFigures
  readonly isEditing: boolean
  readonly seq: number
  readonly onMessage: (message: string) => void
  readonly onError: (error: unknown) => void
}

interface Search {
  readonly prefix: string
  readonly seek: string
  readonly isAtEnd: boolean
}

const START: Search = { prefix: '', seek: '', isAtEnd: false }
const FORMATS: readonly ValueFormat[] = ['json', 'text', 'hex']

/** The entries of a keyspace: search, table and panel. */
export function EntriesView({ keyspace, isEditing, seq, onMessage, onError }: Properties) {
  const [search, setSearch] = useState<Search>(START)
  const [typed, setTyped] = useState('')
  const [mode, setMode] = useState<'seek' | 'prefix'>('seek')
  const [format, setFormat] = useState<ValueFormat>(keyspace.values === 'binary' ? 'hex' : 'json')
  const [row, setRow] = useState<Row>()
  const [version, setVersion] = useState(0)
  const [shownSeq, setShownSeq] = useState(seq)
  const reload = (): void => {
    setShownSeq(seq)
    setVersion((each) => each + 1)
  }
  return (
    <>
      <form
        class="bar"
        role="search"
        onSubmit={(event) => {
          event.preventDefault()
          setSearch({ ...START, [mode]: typed })
        }}
      >
        <label>
          Search
          <select value={mode} onChange={(event) => setMode(event.currentTarget.value as 'seek' | 'prefix')}>
            <option value="seek">from key</option>
            <option value="prefix">prefix</option>
          </select>
        </label>
        <input
          aria-label="Key or prefix"
          value={typed}
          placeholder={keyspace.keys === 'tuple' ? '["a", 1]' : keyspace.keys === 'binary' ? 'hex' : 'key'}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button type="submit">Go</button>
        <button type="button" onClick={() => setSearch({ ...search, seek: '', isAtEnd: false })}>
          First
        </button>
        <button type="button" onClick={() => setSearch({ ...search, seek: '', isAtEnd: true })}>
          Last
        </button>
        <label>
          Values as
          <select value={format} onChange={(event) => setFormat(event.currentTarget.value as ValueFormat)}>
            {FORMATS.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        {isEditing && (
          <button type="button" onClick={() => setRow(undefined)}>
            New entry
          </button>
        )}
        {seq > shownSeq && (
          <button type="button" class="fresh" onClick={reload}>
            {seq - shownSeq} new commits: reload
          </button>
        )}
      </form>
      <div class="split">
        <EntryTable
          keyspace={keyspace.name}
          {...search}
          format={format}
          version={version}
          selected={row?.key}
          onSelect={setRow}
          onError={onError}
        />
        <section class="panel" aria-label="Entry">
          <EntryPanel
            keyspace={keyspace.name}
            row={row}
            format={format}
            isEditing={isEditing}
            version={version}
            onChanged={(message) => {
              if (message.startsWith('Deleted')) setRow(undefined)
              reload()
              onMessage(message)
            }}
            onError={onError}
          />
        </section>
      </div>
    </>
  )
}
