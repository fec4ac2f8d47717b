// Runs on the thread of Node's module loader: gives the text of one module in place of what stands in its file.
import { writeFileSync } from 'node:fs'
import type { InitializeHook, LoadHook } from 'node:module'

/** What the hook is told: which module, by its URL, and its text. */
export interface LoadOrder {
  readonly url: string
  readonly text: string
  /** File that is written when the module is loaded. */
  readonly mark: string
}

let order: LoadOrder | undefined

/** Called once, when the hook is registered. */
export const initialize: InitializeHook<LoadOrder> = (given) => {
  order = given
}

/** Called for every module. */
export const load: LoadHook = (url, context, nextLoad) => {
  if (order === undefined || url !== order.url) return nextLoad(url, context)
  writeFileSync(order.mark, url)
  return { format: 'module', source: order.text, shortCircuit: true }
}
