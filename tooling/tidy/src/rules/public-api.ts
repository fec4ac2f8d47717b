import ts from 'typescript'

import type { Finding } from '../finding.js'
import { placeOf, visit } from '../source-file.js'
import type { SourceFile } from '../source-file.js'
import type { Package } from '../workspace.js'

/**
 * `src/index.ts` opens with `@packageDocumentation` and re-exports by name, nothing else; no source has a default
 * export or an `export *`.
 */
export function checkPublicApi(subject: Package): Finding[] {
  const sources = subject.files.filter((file) => file.role === 'source')
  const findings = sources.flatMap(checkExportForms)
  const index = sources.find((file) => file.localPath === 'src/index.ts')
  if (index === undefined) return [...findings, { place: subject.folder, message: 'has no src/index.ts' }]
  return [...findings, ...checkIndex(index)]
}

function checkExportForms(file: SourceFile): Finding[] {
  const findings: Finding[] = []
  visit(file.syntax, (node) => {
    if (
      ts.isExportDeclaration(node) &&
      (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause))
    ) {
      findings.push({ place: placeOf(file, node), message: "'export *' hides what is exported" })
    }
    const isDefault =
      ts.isExportAssignment(node) ||
      (ts.canHaveModifiers(node) &&
        ts.getModifiers(node)?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) === true)
    if (isDefault) findings.push({ place: placeOf(file, node), message: 'default export' })
  })
  return findings
}

function checkIndex(index: SourceFile): Finding[] {
  const findings: Finding[] = []
  if (!/^\/\*\*(?:(?!\*\/)[\s\S])*@packageDocumentation/.test(index.text)) {
    findings.push({ place: index.path, message: 'does not open with a @packageDocumentation comment' })
  }
  for (const statement of index.syntax.statements) {
    const fromFile = ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined
    if (!fromFile)
      findings.push({ place: placeOf(index, statement), message: 'an index only re-exports by name' })
  }
  return findings
}
