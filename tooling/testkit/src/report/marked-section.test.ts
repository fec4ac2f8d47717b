import { expect, test } from 'vitest'
import { withSection } from './marked-section.js'

const section = { document: 'a.md', startMark: '<!-- start -->', endMark: '<!-- end -->' }

test('the text between the marks is replaced, and nothing else', () => {
  const written = withSection('before\n\n<!-- start -->\n\nold\n\n<!-- end -->\n\nafter\n', section, 'new')
  expect(written).toBe('before\n\n<!-- start -->\n\nnew\n\n<!-- end -->\n\nafter\n')
  expect(withSection(written, section, 'new')).toBe(written)
})

test('a document without the marks is refused', () => {
  expect(() => withSection('before\n<!-- start -->\n', section, 'new')).toThrow('does not contain')
})
