/** Between these marks the tables stand in a document. */
const START = '<!-- branches: written by npm run coverage -->'
const END = '<!-- end of the branches -->'

/**
 * Puts a text between the marks of a document.
 *
 * @param {string} document
 * @param {string} text
 * @returns {string}
 * @throws when the document has no such marks.
 */
export function withSection(document, text) {
  const start = document.indexOf(START)
  const end = document.indexOf(END)
  if (start < 0 || end < start) throw new Error('the document has no place for the count of branches')
  return `${document.slice(0, start + START.length)}\n\n${text}\n\n${document.slice(end)}`
}
