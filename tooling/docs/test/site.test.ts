import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { brokenLinks, parsePage, readPages, ROOT, SITE, sourceLinks } from '../src/built-site.js'

const BLOB = 'https://github.com/ldb-db/ldb/blob/main'

describe('the built site', () => {
  const pages = readPages()
  const byPath = new Map(pages.map((page) => [page.path, page]))

  it('has no link to a page, an anchor, a file or a line that does not exist', () => {
    const broken = pages.flatMap((page) => brokenLinks(page, byPath).map((link) => `${page.path}: ${link}`))
    expect(broken).toEqual([])
  })

  it('links the page of each exported name to a line that contains the name', () => {
    const declarations = pages.filter((page) =>
      /^(?:classes|functions|interfaces|types|variables)\//.test(page.path),
    )
    const wrong = declarations.filter((page) => {
      const name = page.path.replace(/\.html$/, '').replace(/^.*\./, '')
      const [first] = sourceLinks(page)
      if (first === undefined) return true
      const lines = readFileSync(join(ROOT, first.file), 'utf8').split('\n')
      return lines[first.line - 1]?.includes(name) !== true
    })
    expect(declarations.length).toBeGreaterThan(200)
    expect(wrong.map((page) => page.path)).toEqual([])
  })

  it('has a page for each guide, and for the formats and rules of each package', () => {
    const documents = pages.filter((page) => page.path.startsWith('documents/')).map((page) => page.path)
    const guides = readdirSync(join(ROOT, 'docs', 'guides'))
    const packages = readdirSync(join(ROOT, 'packages')).flatMap((name) =>
      ['FORMAT.md', 'SPEC.md']
        .map((file) => join(ROOT, 'packages', name, file))
        .filter((path) => existsSync(path)),
    )
    for (const guide of guides) {
      const title = /^# (.+)/.exec(readFileSync(join(ROOT, 'docs', 'guides', guide), 'utf8'))?.[1]
      expect(documents).toContain(`documents/${title?.replaceAll(' ', '_')}.html`)
    }
    expect(documents.filter((path) => path.startsWith('documents/_ldb_'))).toHaveLength(packages.length)
  })

  it('leads from the index of the guides to each guide', () => {
    const guides = readdirSync(join(ROOT, 'docs', 'guides')).length - 1
    const links = byPath.get('documents/Guides.html')?.links ?? []
    const inText = new Set(links.filter((link) => /^[A-Z]\w*\.html$/.test(link)))
    expect(inText.size).toBeGreaterThanOrEqual(guides)
  })

  it('copies no file of the repository, whose own links would be broken', () => {
    expect(existsSync(join(SITE, 'media'))).toBe(false)
  })

  it('applies the style sheet that keeps pages as wide as a phone', () => {
    expect(readFileSync(join(SITE, 'assets', 'custom.css'), 'utf8')).toBe(
      readFileSync(join(ROOT, 'tooling', 'docs', 'site.css'), 'utf8'),
    )
    const without = pages.filter((page) => !page.links.some((link) => link.endsWith('assets/custom.css')))
    expect(without.map((page) => page.path)).toEqual([])
  })
})

describe('the search for broken links', () => {
  const check = (...links: string[]): string[] => {
    const html = links.map((link) => `<a class="x" href="${link}">x</a>`).join('') + '<h2 id="here">x</h2>'
    const page = parsePage('index.html', html)
    return brokenLinks(page, new Map([[page.path, page]]))
  }

  it('accepts what exists', () => {
    const links = [
      '#here',
      'index.html#here',
      'assets/style.css',
      `${BLOB}/README.md#L1`,
      `${BLOB}/docs`,
      'https://x.y/',
    ]
    expect(check(...links)).toEqual([])
  })

  it.each([
    ['a missing page', 'classes/absent.html'],
    ['a missing anchor', '#absent'],
    ['a missing file', `${BLOB}/src/index.ts#L1`],
    ['a line behind the end of the file', `${BLOB}/README.md#L99999`],
    ['build output', `${BLOB}/packages/base/dist/index.d.ts#L1`],
    ['a path out of the repository', `${BLOB}/../../base/src/index.ts`],
  ])('finds %s', (_what, link) => {
    expect(check(link)).toEqual([link])
  })
})
