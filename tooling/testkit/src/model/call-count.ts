import type { Command } from './commands/commands.js'

/**
 * Returns how many API calls a command makes. Operations of a batch and cursor moves count as calls; a bulk write
 * counts as one.
 */
export function callCountOf(command: Command): number {
  switch (command.do) {
    case 'batch':
      return command.steps.length + 1
    case 'cursorMove':
      return command.moves.length
    case 'scanNext':
      return command.count
    case 'read':
      return command.read === 'cursor' ? command.moves.length + 1 : 1
    case 'readOnly':
      return command.commands.reduce((sum, inner) => sum + callCountOf(inner), 2)
    case 'update':
      return (command.inner ?? []).reduce((sum, inner) => sum + callCountOf(inner), 1)
    case 'together':
      return command.writes.reduce((sum, inner) => sum + callCountOf(inner), 0)
    case 'transaction':
      return command.steps.length + 1
    default:
      return 1
  }
}
