import type { Finding } from '../finding.js'

const LEFTOVERS: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/, message: 'work left lying about' },
  { pattern: /\b(?:[Nn]ot (?:yet )?implemented|for now\b)/, message: 'unfinished work' },
  { pattern: /@ts-(?:ignore|nocheck)/, message: 'the type checker is silenced' },
  { pattern: /\bas any\b/, message: "'as any'" },
  { pattern: /\/[/*].*\b(?:issue|ticket|PR) #?\d+/i, message: 'a comment names a ticket' },
  {
    pattern: /\b(?:test|it|describe)\.(?:only|skip|todo)\(/,
    message: 'a test that does not run, or runs alone',
  },
  // An exception to a rule says why, after two dashes.
  { pattern: /(?:oxlint|eslint)-disable(?!.* -- \S)/, message: 'a rule is switched off without a reason' },
  { pattern: /@ts-expect-error(?! -- \S)/, message: 'a type error is expected without a reason' },
  { pattern: /c8 ignore(?!.* -- \S)/, message: 'coverage is switched off without a reason' },
]

/** Nothing half-finished and no exception without a reason. `path` is from the root. */
export function checkLeftovers(path: string, text: string): Finding[] {
  return text.split('\n').flatMap((line, index) =>
    LEFTOVERS.filter(({ pattern }) => pattern.test(line)).map(({ message }) => ({
      place: `${path}:${index + 1}`,
      message,
    })),
  )
}
