import ts from 'typescript'
import type { Finding } from '../finding.js'
import { examplesOf, withoutFences } from './markdown.js'
import type { Package } from '../workspace.js'

/** Interfaces whose members a table of the README lists, by package. */
export const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  '@ldb/blob': ['BlobFilesOptions'],
  '@ldb/btree': ['BTreeOptions'],
  '@ldb/cache': ['PageCacheOptions'],
  '@ldb/cluster': ['ClusterOptions'],
  '@ldb/core': ['DatabaseOptions'],
  '@ldb/lsm': ['LsmTreeOptions'],
  '@ldb/mvcc': ['TransactionManagerOptions'],
  '@ldb/vfs': ['MemoryVfsOptions', 'PooledVfsOptions'],
  '@ldb/wal': ['WalOptions'],
}

/** A README says how to install the package, shows an example, says what the package is not, and lists its options. */
export function checkReadmeParts(subject: Package): Finding[] {
  const place = `${subject.folder}/README.md`
  const text = subject.documents.get('README.md') ?? ''
  const findings: Finding[] = []
  const need = (holds: boolean, message: string): void => {
    if (!holds) findings.push({ place, message })
  }
  need(/^npm install |^## Installing$/m.test(text), 'does not say how the package is installed')
  need(examplesOf(text).length > 0, 'has no example')
  need(/\bis (?:\*\*)?not\b/i.test(text), 'does not say what the package is not')
  const rows = withoutFences(text)
    .split('\n')
    .filter((line) => line.startsWith('|'))
  for (const name of optionsOf(subject)) {
    need(
      rows.some((row) => row.includes(`\`${name}\``)),
      `has no row for the option ${name}`,
    )
  }
  return findings
}

/** Members of the listed interfaces that are not internal. */
function optionsOf(subject: Package): string[] {
  const names = OPTIONS[subject.name] ?? []
  const found = subject.files.flatMap(({ syntax }) =>
    syntax.statements.filter(
      (statement) => ts.isInterfaceDeclaration(statement) && names.includes(statement.name.text),
    ),
  ) as ts.InterfaceDeclaration[]
  return found.flatMap(({ members }) =>
    members
      .filter((member) => !ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal'))
      .map(({ name }) => name?.getText() ?? ''),
  )
}
