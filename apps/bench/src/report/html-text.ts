const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes text for HTML elements and attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

/** A table cell: its text, optionally with a class. */
export type Cell = string | { readonly text: string; readonly kind: 'met' | 'missed' | 'quiet' }

/** Returns a table. The first `words` columns are text, the others are figures. */
export function htmlTable(
  head: readonly string[],
  lines: readonly (readonly Cell[])[],
  words: number = 1,
): string {
  const align = (column: number): string => (column < words ? '' : ' class="figure"')
  const cells = (line: readonly Cell[]): string =>
    line
      .map((cell, column) => {
        if (typeof cell === 'string') return `<td${align(column)}>${escapeHtml(cell)}</td>`
        return `<td class="${column < words ? '' : 'figure '}${cell.kind}">${escapeHtml(cell.text)}</td>`
      })
      .join('')
  const headings = head.map((text, column) => `<th${align(column)}>${escapeHtml(text)}</th>`).join('')
  const rows = lines.map((line) => `<tr>${cells(line)}</tr>`).join('\n')
  return `<div class="wide"><table><thead><tr>${headings}</tr></thead><tbody>\n${rows}\n</tbody></table></div>`
}
