import type { KeyspaceFigures } from './server-calls.js'
import { humanBytes } from './value-text.js'

export const VIEWS = ['Entries', 'Map', 'Statistics', 'Changes', 'Log'] as const
export type View = (typeof VIEWS)[number]

interface Properties {
  readonly keyspaces: readonly KeyspaceFigures[]
  readonly keyspace: KeyspaceFigures | undefined
  readonly view: View
  readonly onKeyspace: (name: string) => void
  readonly onView: (view: View) => void
}

/** The keyspaces with their figures, and the views. */
export function SideBar({ keyspaces, keyspace, view, onKeyspace, onView }: Properties) {
  return (
    <div class="side">
      <nav aria-label="Keyspaces">
        <h2>Keyspaces</h2>
        <ul>
          {keyspaces.map((each) => (
            <li key={each.name}>
              <button
                type="button"
                aria-current={each === keyspace ? 'true' : undefined}
                onClick={() => onKeyspace(each.name)}
              >
                {each.name}
                <small>
                  {each.engine} · {each.isEntryCountExact === false && 'about '}
                  {each.entryCount?.toLocaleString('en')} entries · {humanBytes(each.fileBytes)}
                </small>
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <nav aria-label="Views">
        <h2>Views</h2>
        <ul>
          {VIEWS.map((each) => (
            <li key={each}>
              <button
                type="button"
                aria-current={each === view ? 'page' : undefined}
                onClick={() => onView(each)}
              >
                {each}
              </button>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  )
}
