/** Marks before and after the generated section of a document. */
const START = '<!-- branches: written by npm run coverage -->'
const END = '<!-- end of the branches -->'

/**
 * Replaces the generated section of a document.
 *
 * @param {string} document
 * @param {string} text
 * @returns {string}
 * @throws when the document has no marks.
 */
export function withSection(document, text) {
  const start = document.indexOf(START)
  const end = document.indexOf(END)
  if (start < 0 || end < start) throw new Error('the document has no marks of a generated section')
  return `${document.slice(0, start + START.length)}\n\n${text}\n\n${document.slice(end)}`
}
