import { expect } from 'vitest'

/** Fails when a page loads a resource or contains a script. */
export function expectSelfContained(html: string): void {
  expect(html.startsWith('<!doctype html>')).toBe(true)
  expect(html.trimEnd().endsWith('</html>')).toBe(true)
  expect(html).not.toMatch(/<(?:script|link|iframe|object|embed|img|base)\b/i)
  expect(html).not.toMatch(/\s(?:src|href|xlink:href|on\w+)\s*=/i)
  expect(html).not.toMatch(/@import|url\(/i)
  expect(html).not.toMatch(/<svg[^>]*>\s*<\/svg>/)
}
