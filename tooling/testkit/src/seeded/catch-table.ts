import type { Catch } from './bug-run.js'

/** Where the table stands in a document. */
export const TABLE_START = '<!-- seeded bugs: written by the suite -->'
export const TABLE_END = '<!-- end of the seeded bugs -->'

/** Writes the table of a run: which bug, of which class, was caught by what. */
export function catchTable(catches: readonly Catch[], run: { commit: string; date: string }): string {
  const lines = [
    `Run of ${run.date} at commit ${run.commit}: ${catches.length} bugs, each caught.`,
    '',
    '| what was broken | class | caught by | after |',
    '|---|---|---|---|',
    ...catches.map(({ bug, cases, durationMs }) => {
      const isTest = bug.suite.endsWith('.test.ts')
      const suite = isTest ? `\`${bug.suite}\`, ${bug.test ?? 'any test'}` : `\`${bug.suite}\``
      const count = `${isTest ? '' : `case ${cases}, `}${(durationMs / 1000).toFixed(1)} s`
      return `| ${bug.effect} | ${bug.rows.join(', ')} | ${suite} | ${count} |`
    }),
  ]
  return lines.join('\n')
}

/**
 * Puts a table between its marks in a document.
 *
 * @throws when the document has no such marks.
 */
export function withTable(document: string, table: string): string {
  const start = document.indexOf(TABLE_START)
  const end = document.indexOf(TABLE_END)
  if (start < 0 || end < start) throw new Error('the document has no place for the table of seeded bugs')
  return `${document.slice(0, start + TABLE_START.length)}\n\n${table}\n\n${document.slice(end)}`
}
