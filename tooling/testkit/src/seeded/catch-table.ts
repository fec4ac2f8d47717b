import type { MarkedSection } from '../report/marked-section.js'
import type { Catch } from './bug-run.js'

/** The section of a document that contains the table. */
export const SEEDED_BUGS_SECTION: MarkedSection = {
  document: 'docs/testing/seeded-bugs.md',
  startMark: '<!-- seeded bugs: written by the suite -->',
  endMark: '<!-- end of the seeded bugs -->',
}

/** Returns the table of a run in Markdown: for each bug its effect, its classes, and the suite that caught it. */
export function catchTable(catches: readonly Catch[], run: { commit: string; date: string }): string {
  const lines = [
    `Run of ${run.date} at commit ${run.commit}: ${catches.length} bugs, all caught.`,
    '',
    '| bug | class | caught by | after |',
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
