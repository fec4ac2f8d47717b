import { createHash } from 'node:crypto'
import type { Command } from '../model/commands/commands.js'
import { Session } from '../model/session/session.js'
import { newLocation } from './configurations.js'
import type { Configuration } from './configurations.js'

/** Opens the database of a configuration. Canaries open a faulty one. */
export type OpenConfigured = (
  configuration: Configuration,
  location: ReturnType<typeof newLocation>['location'],
) => Session

function openConfigured(
  configuration: Configuration,
  location: ReturnType<typeof newLocation>['location'],
): Session {
  return new Session(configuration.settings, location)
}

/** Callbacks of a run. */
export interface RunObserver {
  /** Called before each command. */
  beforeCommand?(session: Session, index: number): void
  /** Called after the last command, before the database closes. */
  atEnd?(session: Session): void
}

const WHOLE_ANSWER_MAX = 200

/**
 * Runs commands and returns the result of each, followed by the verification and the whole content. Long results
 * end with a hash. `crash` ends the process and returns the content after recovery.
 */
export function runHistory(
  configuration: Configuration,
  commands: readonly Command[],
  watcher: RunObserver = {},
  open: OpenConfigured = openConfigured,
): string[] {
  const made = newLocation(configuration.kind)
  try {
    const session = open(configuration, made.location)
    const history: string[] = []
    for (const [index, command] of commands.entries()) {
      watcher.beforeCommand?.(session, index)
      history.push(shortened(executeCommand(session, command)))
    }
    history.push(shortened(session.execute({ do: 'verify' })), shortened(session.dump()))
    watcher.atEnd?.(session)
    session.close()
    return history
  } finally {
    made.remove()
  }
}

function executeCommand(session: Session, command: Command): string {
  if (command.do !== 'crash') return session.execute(command)
  session.crash()
  return session.dump()
}

function shortened(text: string): string {
  if (text.length <= WHOLE_ANSWER_MAX) return text
  const hash = createHash('sha1').update(text, 'utf8').digest('hex')
  return `${text.slice(0, WHOLE_ANSWER_MAX)}… ${text.length} characters, ${hash}`
}
