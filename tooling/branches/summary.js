/**
 * @typedef {{ total: number, covered: number }} Count
 * @typedef {Record<string, { statements: Count, branches: Count }>} Files - by path, and under `total`.
 */

/** Modules in which a wrong branch loses data: codecs, log, commit, recovery, checkpoints, free space. */
const CRITICAL = new RegExp(
  [
    'base/src/(?:batch|encoding)/',
    'integrity/src/(?:file-header|unit-codec|xxhash)',
    'wal/src/',
    'btree/src/(?:checkpoint|file|page|pager|space)/',
    'core/src/(?:catalog|commit|log|open|recovery)/',
  ].join('|'),
)

/**
 * Summarizes the coverage of modules.
 *
 * @param {Files} files
 * @returns {{ byPackage: string, critical: string, low: string[] }} a table of packages; a table of the critical modules with
 * branches that were not executed; and the names of other modules below 95 % of branches.
 */
export function summaryOf(files) {
  /** @type {Map<string, { statements: Count, branches: Count }>} */
  const sums = new Map()
  /** @type {string[]} */
  const rows = []
  /** @type {string[]} */
  const low = []
  const all = { total: 0, covered: 0, modules: 0, whole: 0 }
  for (const [path, { statements, branches }] of Object.entries(files)) {
    const module = path.slice(path.indexOf('packages/') + 'packages/'.length)
    const name = path === 'total' ? 'all' : (module.split('/')[0] ?? '')
    const sum = sums.get(name) ?? { statements: { total: 0, covered: 0 }, branches: { total: 0, covered: 0 } }
    sums.set(name, { statements: plus(sum.statements, statements), branches: plus(sum.branches, branches) })
    if (path === 'total') continue
    const missing = branches.total - branches.covered
    if (CRITICAL.test(module)) {
      all.total += branches.total
      all.covered += branches.covered
      all.modules += 1
      if (missing === 0) all.whole += 1
      else rows.push(`| \`${module}\` | ${branches.covered} of ${branches.total} |`)
    } else if (missing > 0.05 * branches.total)
      low.push(`${module} (${missing} of ${branches.total} missing)`)
  }
  const byPackage = [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, sum]) => `| ${name} | ${share(sum.statements)} | ${share(sum.branches)} |`)
  return {
    byPackage: ['| package | statements | branches |', '|---|---|---|', ...byPackage].join('\n'),
    critical: [
      '| module | executed branches |',
      '|---|---|',
      ...rows,
      `| all ${all.modules}, of which ${all.whole} complete | ${share(all)} |`,
    ].join('\n'),
    low,
  }
}

/** @param {Count} a @param {Count} b @returns {Count} */
function plus(a, b) {
  return { total: a.total + b.total, covered: a.covered + b.covered }
}

/** @param {Count} count */
function share({ total, covered }) {
  return total === 0 ? '–' : `${((100 * covered) / total).toFixed(1)} % of ${total}`
}
