import ts from 'typescript'

import type { Finding } from '../finding.js'
import { lineOf, placeOf, visit } from '../source-file.js'
import type { SourceFile } from '../source-file.js'
import type { Package } from '../workspace.js'

/** Lines of a file. */
export const FILE_LINES_MAX = 350
/** Lines of a function: it fits a screen. */
export const FUNCTION_LINES_MAX = 70

/** A file that may be longer, for the time being, and why. The number only ever falls. */
export interface Ratchet {
  readonly lines: number
  readonly reason: string
}

/** Files over the limit. */
export const LONG_FILES: Readonly<Record<string, Ratchet>> = {}

/** Files and functions stay small. */
export function checkSizes(
  subject: Package,
  longFiles: Readonly<Record<string, Ratchet>> = LONG_FILES,
): Finding[] {
  return subject.files.flatMap((file) => [
    ...checkFile(file, longFiles[file.path]),
    ...(file.role === 'source' ? checkFunctions(file) : []),
  ])
}

function checkFile(file: SourceFile, ratchet: Ratchet | undefined): Finding[] {
  const lines = file.text.split('\n').length - 1
  const max = ratchet?.lines ?? FILE_LINES_MAX
  if (lines > max)
    return [{ place: file.path, message: `${lines} lines, ${max} allowed: split it along its nouns` }]
  if (ratchet !== undefined && lines < ratchet.lines) {
    return [
      { place: file.path, message: `down to ${lines} lines: lower its number in LONG_FILES, or take it off` },
    ]
  }
  return []
}

function checkFunctions(file: SourceFile): Finding[] {
  const findings: Finding[] = []
  visit(file.syntax, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return
    const end = file.syntax.getLineAndCharacterOfPosition(node.getEnd()).line + 1
    const lines = end - lineOf(file, node) + 1
    if (lines <= FUNCTION_LINES_MAX) return
    const name = node.name?.getText(file.syntax) ?? 'a function'
    findings.push({
      place: placeOf(file, node),
      message: `${name} has ${lines} lines, ${FUNCTION_LINES_MAX} allowed`,
    })
  })
  return findings
}
