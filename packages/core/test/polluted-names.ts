import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url))
/** A member of an interface or type literal: `readonly name?: …`, `name?(…): …`. */
const MEMBER = /^\s+(?:readonly )?([a-zA-Z]\w*)(\??)(?::|\(|<)/
const INTERFACE = /^(?:export )?(?:interface|type) /

/**
 * Names that the language itself reads from any object, such as those of property descriptors: nothing works when `Object.prototype` has
 * them.
 */
const LANGUAGE: ReadonlySet<string> = new Set([
  ...['get', 'set', 'value', 'writable', 'enumerable', 'configurable', 'constructor'],
  ...['next', 'done', 'return', 'then', 'raw', 'length'],
])

/** The names of all members of interfaces in the sources of all packages. */
export interface SourceNames {
  /** Names of members that may be absent: options, bounds, optional fields of records, optional methods. */
  readonly optional: readonly string[]
  /** All other names. */
  readonly required: readonly string[]
}

/** Collects the names from the sources, so that a new option is tested without a change of the test. */
export function sourceNames(): SourceNames {
  const optional = new Set<string>()
  const required = new Set<string>()
  for (const name of readdirSync(PACKAGES)) {
    for (const file of sourceFiles(join(PACKAGES, name, 'src'))) collect(file, optional, required)
  }
  return {
    optional: [...optional].filter((name) => !LANGUAGE.has(name)).sort(),
    required: [...required].filter((name) => !LANGUAGE.has(name) && !optional.has(name)).sort(),
  }
}

function collect(file: string, optional: Set<string>, required: Set<string>): void {
  let isInside = false
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (/^\S/.test(line)) isInside = INTERFACE.test(line)
    for (const [, name] of line.matchAll(/\breadonly ([a-zA-Z]\w*)\?:/g)) optional.add(name as string)
    if (!isInside) continue
    const [, name, mark] = MEMBER.exec(line) ?? []
    if (name !== undefined) (mark === '?' ? optional : required).add(name)
  }
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return sourceFiles(path)
    return entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts') ? [path] : []
  })
}
