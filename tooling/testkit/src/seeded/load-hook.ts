// Runs on the thread of Node's module loader. Replaces the text of modules.
import { writeFileSync } from 'node:fs'
import type { InitializeHook, LoadHook, ResolveHook } from 'node:module'

/** The modules to replace. */
export interface LoadReplacement {
  /** The new texts, by the URLs of the modules. */
  readonly texts: Readonly<Record<string, string>>
  /** File that is written when one of the modules is loaded. */
  readonly mark: string
}

let replacement: LoadReplacement | undefined

/** Called once, when the hook is registered. */
export const initialize: InitializeHook<LoadReplacement> = (data) => {
  replacement = data
}

/** Called for every import. Node imports the CommonJS bundles, whose imports of each other do not pass through hooks: ES modules take their place. */
export const resolve: ResolveHook = (specifier, context, nextResolve) =>
  nextResolve(specifier, { ...context, conditions: ['module', ...context.conditions] })

/** Called for every module. */
export const load: LoadHook = (url, context, nextLoad) => {
  const source = replacement?.texts[url]
  if (replacement === undefined || source === undefined) return nextLoad(url, context)
  writeFileSync(replacement.mark, url)
  return { format: 'module', source, shortCircuit: true }
}
