import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'

/** Root of the repository. */
export const ROOT: string = join(import.meta.dirname, '..', '..', '..')

/** Folder of the built site. */
export const SITE: string = join(ROOT, 'docs', 'site')

/** The prefix of links to files and folders of the repository. */
const REPOSITORY = /^https:\/\/github\.com\/ldb-db\/ldb\/(?:blob|tree)\/main\/([^#]*)(?:#L(\d+)$)?/

/** A built page. */
export interface Page {
  /** Path from the site's folder, with `/`. */
  readonly path: string
  /** Targets of its links, in order. */
  readonly links: readonly string[]
  /** The names that `#` links can lead to. */
  readonly anchors: ReadonlySet<string>
}

/** Reads all pages of a site. */
export function readPages(site: string = SITE): Page[] {
  return readdirSync(site, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.html'))
    .sort()
    .map((path) => parsePage(path.split(sep).join('/'), readFileSync(join(site, path), 'utf8')))
}

/** Parses the HTML of one page. */
export function parsePage(path: string, html: string): Page {
  const values = (pattern: RegExp): string[] =>
    [...html.matchAll(pattern)].map((match) => unescapeHtml(match[1] ?? ''))
  return {
    path,
    links: values(/<(?:a|link) [^>]*?href="([^"]*)"/g),
    anchors: new Set(values(/ id="([^"]*)"/g)),
  }
}

/**
 * Returns the links of a page that lead nowhere: to a page, an anchor, a file or a line that does not exist.
 *
 * @param page - the page
 * @param pages - all pages of the site, by path
 * @param root - root of the repository
 * @param site - folder of the site
 */
export function brokenLinks(
  page: Page,
  pages: ReadonlyMap<string, Page>,
  root: string = ROOT,
  site: string = SITE,
): string[] {
  return page.links.filter((link) => {
    const [, file, line] = REPOSITORY.exec(link) ?? []
    if (file !== undefined) return !existsInRepository(root, decodeURI(file), Number(line ?? 0))
    if (/^[a-z]+:/.test(link)) return false
    const [path = '', anchor = ''] = decodeURI(link).split('#')
    const target = path === '' ? page.path : posix.join(posix.dirname(page.path), path)
    if (!existsSync(join(site, target))) return true
    return anchor !== '' && pages.get(target)?.anchors.has(anchor) !== true
  })
}

/** Returns the links to source lines, as paths from the root and lines counted from 1. */
export function sourceLinks(page: Page): { readonly file: string; readonly line: number }[] {
  return page.links.flatMap((link) => {
    const [, file, line] = REPOSITORY.exec(link) ?? []
    return file === undefined || line === undefined ? [] : [{ file, line: Number(line) }]
  })
}

const lineCounts = new Map<string, number>()

/** Reports whether a file or folder exists that is not build output, and has the line unless that is 0. */
function existsInRepository(root: string, file: string, line: number): boolean {
  const path = join(root, file)
  if (/(?:^|\/)(?:dist|\.\.)(?:\/|$)/.test(file) || !existsSync(path)) return false
  if (line === 0) return true
  const lines = lineCounts.get(path) ?? readFileSync(path, 'utf8').trimEnd().split('\n').length
  lineCounts.set(path, lines)
  return line <= lines
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
