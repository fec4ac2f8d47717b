import { useState } from 'preact/hooks'
import type { Commit } from '../server-calls.js'

/** The commits since the page was opened, newest first. */
export function ChangesView({ commits }: { readonly commits: readonly Commit[] }) {
  const [paused, setPaused] = useState<readonly Commit[]>()
  const shown = paused ?? commits
  return (
    <>
      <div class="bar">
        <button
          type="button"
          aria-pressed={paused !== undefined}
          onClick={() => setPaused(paused === undefined ? commits : undefined)}
        >
          Pause
        </button>
        <span class="hint">Commits since the page was opened, newest first.</span>
      </div>
      {shown.length === 0 && <p class="hint">Commits appear here as they are made.</p>}
      <div role="log" aria-label="Commits" aria-relevant="additions" class="wide" tabIndex={0}>
        <ol class="commits" reversed>
          {shown.map(({ seq, changeCount, changes }) => (
            <li key={seq}>
              <b>{seq}</b>
              <ul>
                {changes.map(({ kind, keyspace, key, value }, index) => (
                  <li key={index}>
                    <span class={`kind ${kind}`}>{kind}</span> {keyspace} <code>{key}</code>{' '}
                    <code>{value}</code>
                  </li>
                ))}
                {changeCount > changes.length && <li>and {changeCount - changes.length} more</li>}
              </ul>
            </li>
          ))}
        </ol>
      </div>
    </>
  )
}
