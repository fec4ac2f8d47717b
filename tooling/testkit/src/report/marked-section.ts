import { readFileSync, writeFileSync } from 'node:fs'

/** A generated section of a document, between two marks. */
export interface MarkedSection {
  /** Path of the document, relative to the root of the workspace. */
  readonly document: string
  readonly startMark: string
  readonly endMark: string
}

/** Replaces the text of a generated section in its document. */
export function writeSection(root: string, section: MarkedSection, text: string): void {
  const path = `${root}${section.document}`
  writeFileSync(path, withSection(readFileSync(path, 'utf8'), section, text))
}

/**
 * Returns a document with the text of a generated section replaced.
 *
 * @throws when the document does not contain the marks.
 */
export function withSection(document: string, { startMark, endMark }: MarkedSection, text: string): string {
  const start = document.indexOf(startMark)
  const end = document.indexOf(endMark)
  if (start < 0 || end < start) throw new Error(`the document does not contain ${startMark} and ${endMark}`)
  return `${document.slice(0, start + startMark.length)}\n\n${text}\n\n${document.slice(end)}`
}
