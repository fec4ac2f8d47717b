import { useEffect, useState } from 'preact/hooks'
import { call } from './server-calls.js'
import type { Row } from './server-calls.js'
import { base64Of, bytesOf, humanBytes, parseValue, showValue } from './value-text.js'
import type { ValueFormat } from './value-text.js'

interface Properties {
  readonly keyspace: string
  /** The selected row; `undefined` for a new entry. */
  readonly row: Row | undefined
  readonly format: ValueFormat
  readonly isEditing: boolean
  readonly version: number
  readonly onChanged: (message: string) => void
  readonly onError: (error: unknown) => void
}

interface Whole {
  readonly value: string
  readonly valueBytes: number
  readonly isWhole: boolean
}

/** The whole value of an entry, and the form that edits it. A change is refused when the entry is no longer the one that is shown. */
export function EntryPanel({ keyspace, row, format, isEditing, version, onChanged, onError }: Properties) {
  const [whole, setWhole] = useState<Whole>()
  const [draft, setDraft] = useState('')
  const [newKey, setNewKey] = useState('')
  useEffect(() => {
    setWhole(undefined)
    if (row === undefined) {
      setDraft('')
      return
    }
    let isCurrent = true
    call<Whole>('value', { keyspace, key: row.key }).then((read) => {
      if (!isCurrent) return
      setWhole(read)
      setDraft(showValue(bytesOf(read.value), format, true))
    }, onError)
    return () => {
      isCurrent = false
    }
  }, [keyspace, row?.key, format, version])

  const run = (name: string, fields: object, message: string): void => {
    call(name, { keyspace, ...fields }).then(() => onChanged(message), onError)
  }
  const save = (): void => {
    try {
      const value = base64Of(parseValue(draft, format))
      if (row === undefined) run('put', { newKey, value }, `Added ${newKey}`)
      else run('put', { key: row.key, value, expected: whole?.value }, `Saved ${row.text}`)
    } catch (error) {
      onError(error)
    }
  }
  if (row === undefined && !isEditing) return <p class="hint">Select an entry to see its value.</p>
  const isLocked = row !== undefined && whole?.isWhole !== true
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save()
      }}
    >
      {row === undefined ? (
        <label>
          New key
          <input value={newKey} required onInput={(event) => setNewKey(event.currentTarget.value)} />
        </label>
      ) : (
        <h2 class="key">{row.text}</h2>
      )}
      {row !== undefined && (
        <p class="hint">
          {humanBytes(whole?.valueBytes)}
          {whole?.isWhole === false && ', of which the first MiB is shown, and cannot be edited'}
        </p>
      )}
      <textarea
        aria-label="Value"
        value={draft}
        readOnly={!isEditing || isLocked}
        spellcheck={false}
        onInput={(event) => setDraft(event.currentTarget.value)}
      />
      {isEditing && (
        <p class="buttons">
          <button type="submit" disabled={isLocked}>
            {row === undefined ? 'Add' : 'Save'}
          </button>
          {row !== undefined && (
            <button
              type="button"
              class="danger"
              disabled={isLocked}
              onClick={() => run('delete', { key: row.key, expected: whole?.value }, `Deleted ${row.text}`)}
            >
              Delete
            </button>
          )}
        </p>
      )}
    </form>
  )
}
