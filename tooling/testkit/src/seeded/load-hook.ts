// Runs on the thread of Node's module loader. Replaces the text of one module.
import { writeFileSync } from 'node:fs'
import type { InitializeHook, LoadHook } from 'node:module'

/** The module to replace, by its URL, and its new text. */
export interface LoadReplacement {
  readonly url: string
  readonly text: string
  /** File that is written when the module is loaded. */
  readonly mark: string
}

let replacement: LoadReplacement | undefined

/** Called once, when the hook is registered. */
export const initialize: InitializeHook<LoadReplacement> = (data) => {
  replacement = data
}

/** Called for every module. */
export const load: LoadHook = (url, context, nextLoad) => {
  if (replacement === undefined || url !== replacement.url) return nextLoad(url, context)
  writeFileSync(replacement.mark, url)
  return { format: 'module', source: replacement.text, shortCircuit: true }
}
