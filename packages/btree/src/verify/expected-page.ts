import type { PageMemory } from '../page/memory.js'
import { isEdge, prefixBytes } from '../page/page.js'
import { sharedBytes } from '../page/prefix.js'

/** A page as its parent describes it. @internal */
export interface ExpectedPage {
  readonly pageNumber: number
  readonly level: number
  readonly low: number
  readonly high: number
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
  /** The fences are unknown, because a separator could not be read. */
  readonly isUnfenced: boolean
}

/** Checks that a page which is not an edge page has two fences that share its prefix. @internal */
export function checkFences(page: PageMemory, expected: ExpectedPage): string | undefined {
  const { lower, upper, isUnfenced } = expected
  if (isEdge(page, 0) || isUnfenced) return undefined
  if (lower === undefined || upper === undefined)
    return 'a page without a fence is not marked as an edge page'
  const shared = sharedBytes(lower, upper, page.prefixMax)
  return prefixBytes(page, 0) > shared ? 'the prefix of a page is longer than that of its fences' : undefined
}
