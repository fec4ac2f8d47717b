import type { Command } from './commands/commands.js'
import type { RunSettings } from './commands/run-settings.js'

/** Returns the code of a test that replays a failing run, for `test/regressions/`. */
export function regressionCode(
  title: string,
  settings: RunSettings,
  commands: readonly Command[],
  api: 'sync' | 'async' = 'sync',
): string {
  const [file, name] = api === 'sync' ? ['model-run', 'runCommands'] : ['async-model-run', 'runCommandsAsync']
  const lines = commands.map((command) => `    ${literal(command)},`)
  return [
    "import { test } from 'vitest'",
    `import { ${name} } from '../../src/model/${file}.js'`,
    '',
    `test(${literal(title)}, ${api === 'sync' ? '' : 'async '}() => {`,
    `  ${api === 'sync' ? '' : 'await '}${name}(${literal(settings)}, [`,
    ...lines,
    '  ])',
    '})',
    '',
  ].join('\n')
}

/** Returns the code of a call with a list of commands. */
export function codeOf(name: string, first: unknown, commands: readonly Command[]): string {
  return [`${name}(${literal(first)}, [`, ...commands.map((command) => `  ${literal(command)},`), '])'].join(
    '\n',
  )
}

/** Returns a value as a literal. */
function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return `{ ${Object.entries(value)
    .map(([name, each]) => `${name}: ${literal(each)}`)
    .join(', ')} }`
}

function quoted(text: string): string {
  let code = "'"
  for (const character of text) {
    const number = character.charCodeAt(0)
    if (character === "'" || character === '\\') code += `\\${character}`
    else code += number < 32 || number > 126 ? `\\x${number.toString(16).padStart(2, '0')}` : character
  }
  return `${code}'`
}
