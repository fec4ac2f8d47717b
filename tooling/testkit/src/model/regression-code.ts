import type { Command } from './commands/commands.js'
import type { RunSettings } from './commands/run-settings.js'

/** Writes a failing run as the code of a test, to be put into `test/regressions/`. */
export function regressionCode(
  title: string,
  settings: RunSettings,
  commands: readonly Command[],
  face: 'sync' | 'async' = 'sync',
): string {
  const [file, name] =
    face === 'sync' ? ['model-run', 'runCommands'] : ['async-model-run', 'runCommandsAsync']
  const lines = commands.map((command) => `    ${literal(command)},`)
  return [
    "import { test } from 'vitest'",
    `import { ${name} } from '../../src/model/${file}.js'`,
    '',
    `test(${literal(title)}, ${face === 'sync' ? '' : 'async '}() => {`,
    `  ${face === 'sync' ? '' : 'await '}${name}(${literal(settings)}, [`,
    ...lines,
    '  ])',
    '})',
    '',
  ].join('\n')
}

/** Writes a call with commands as code. */
export function codeOf(name: string, first: unknown, commands: readonly Command[]): string {
  return [`${name}(${literal(first)}, [`, ...commands.map((command) => `  ${literal(command)},`), '])'].join(
    '\n',
  )
}

/** Writes a value as the code that makes it. */
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
