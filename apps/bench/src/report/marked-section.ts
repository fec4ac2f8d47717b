import { readFileSync, writeFileSync } from 'node:fs'

/** Returns `document` with the text between its markers `<!-- NAME:begin -->` and `<!-- NAME:end -->` replaced. */
export function replaceSection(document: string, name: string, text: string): string {
  const { start, end } = sectionOf(document, name)
  return `${document.slice(0, start)}\n${text}\n${document.slice(end)}`
}

/** Throws unless a file has the markers of a section. */
export function expectSection(path: string, name: string): void {
  atPath(path, (document) => sectionOf(document, name))
}

/** Replaces the text between the markers of a file. */
export function replaceSectionOfFile(path: string, name: string, text: string): void {
  writeFileSync(
    path,
    atPath(path, (document) => replaceSection(document, name, text)),
  )
}

/** Returns the offsets of the text between two markers. @throws Error unless each occurs once, in this order. */
function sectionOf(document: string, name: string): { readonly start: number; readonly end: number } {
  const start = offsetOfOnly(document, `<!-- ${name}:begin -->`) + `<!-- ${name}:begin -->`.length
  const end = offsetOfOnly(document, `<!-- ${name}:end -->`)
  if (end < start) throw new Error(`<!-- ${name}:end --> is before <!-- ${name}:begin -->`)
  return { start, end }
}

function offsetOfOnly(document: string, marker: string): number {
  const offset = document.indexOf(marker)
  if (offset < 0) throw new Error(`the marker ${marker} is missing`)
  if (document.includes(marker, offset + 1)) throw new Error(`the marker ${marker} occurs more than once`)
  return offset
}

function atPath<Result>(path: string, action: (document: string) => Result): Result {
  try {
    return action(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
