import ts from 'typescript'

import type { Finding } from '../finding.js'
import { placeOf } from '../source-file.js'
import type { SourceFile } from '../source-file.js'
import type { Package } from '../workspace.js'

interface Declaration {
  readonly file: SourceFile
  readonly node: ts.Node
}

/**
 * Every name that a package exports, and every public method of its classes, has a comment with a sentence in it;
 * exported names also have a `@category`. A type that shares its name with a documented constant needs only the
 * category.
 */
export function checkDocumentation(subject: Package): Finding[] {
  const files = new Map(subject.files.map((file) => [file.localPath, file]))
  const index = files.get('src/index.ts')
  if (index === undefined) return []
  return exportedNames(index).flatMap(({ name, from }) => {
    const declarations = findDeclarations(files, from, name)
    if (declarations.length === 0)
      return [{ place: index.path, message: `cannot find the declaration of ${name}` }]
    return checkDeclarations(name, declarations)
  })
}

function exportedNames(file: SourceFile): { name: string; from: string }[] {
  return file.syntax.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) return []
    const { moduleSpecifier, exportClause } = statement
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return []
    // What another package or a conditional twin declares is documented where it is declared.
    if (!moduleSpecifier.text.startsWith('.') || !ts.isNamedExports(exportClause)) return []
    const folder = file.localPath.split('/').slice(0, -1).join('/')
    const from = `${folder}/${moduleSpecifier.text.replace(/^\.\//, '').replace(/\.js$/, '.ts')}`
    return exportClause.elements.map((element) => ({
      name: (element.propertyName ?? element.name).text,
      from,
    }))
  })
}

function findDeclarations(files: ReadonlyMap<string, SourceFile>, path: string, name: string): Declaration[] {
  const file = files.get(path)
  if (file === undefined) return []
  const found: Declaration[] = []
  for (const statement of file.syntax.statements) {
    if (ts.isVariableStatement(statement)) {
      const declares = statement.declarationList.declarations.some(
        (declared) => declared.name.getText() === name,
      )
      if (declares) found.push({ file, node: statement })
    } else if ('name' in statement && (statement.name as ts.Node | undefined)?.getText() === name) {
      found.push({ file, node: statement })
    }
  }
  if (found.length > 0) return found
  return exportedNames(file)
    .filter((exported) => exported.name === name)
    .flatMap(({ from }) => findDeclarations(files, from, name))
}

function checkDeclarations(name: string, declarations: readonly Declaration[]): Finding[] {
  const findings: Finding[] = []
  const [first] = declarations
  if (first === undefined) return findings
  const place = placeOf(first.file, first.node)
  const hasSentence = declarations.some(({ node }) => sentenceOf(node) !== '')
  if (!hasSentence) findings.push({ place, message: `${name} is exported without a word about it` })
  const categorised = declarations.some(({ node }) => tagsOf(node).includes('category'))
  if (!categorised) findings.push({ place, message: `${name} has no @category` })
  for (const { file, node } of declarations) {
    // What implements or extends may have its words from there; typedoc, which knows the types, sees to those.
    if (ts.isClassDeclaration(node) && node.heritageClauses === undefined)
      findings.push(...checkMethods(file, name, node))
  }
  return findings
}

function checkMethods(file: SourceFile, className: string, node: ts.ClassDeclaration): Finding[] {
  const findings: Finding[] = []
  const documented = new Set<string>()
  for (const member of node.members) {
    if (!ts.isMethodDeclaration(member) && !ts.isAccessor(member)) continue
    const name = member.name.getText(file.syntax)
    if (ts.isPrivateIdentifier(member.name) || isHidden(member) || isObvious(name)) continue
    // Overloads and accessor pairs share the comment of the first.
    if (documented.has(name)) continue
    documented.add(name)
    if (sentenceOf(member) === '' && !tagsOf(member).includes('inheritDoc')) {
      findings.push({
        place: placeOf(file, member),
        message: `${className}.${name} is public without a word about it`,
      })
    }
  }
  return findings
}

/** Members whose meaning the language fixes. */
function isObvious(name: string): boolean {
  return /^\[Symbol\.|^toString$|^toJSON$/.test(name)
}

function isHidden(member: ts.ClassElement): boolean {
  const modifiers = ts.canHaveModifiers(member) ? (ts.getModifiers(member) ?? []) : []
  const isPrivate = modifiers.some(
    ({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword,
  )
  return isPrivate || tagsOf(member).includes('internal')
}

function sentenceOf(node: ts.Node): string {
  return commentsOf(node)
    .map((comment) => ts.getTextOfJSDocComment(comment.comment) ?? '')
    .join('')
    .trim()
}

function tagsOf(node: ts.Node): string[] {
  return commentsOf(node).flatMap((comment) => {
    const inline = (ts.getTextOfJSDocComment(comment.comment) ?? '').includes('{@inheritDoc')
      ? ['inheritDoc']
      : []
    return [...(comment.tags ?? []).map((tag) => tag.tagName.text), ...inline]
  })
}

function commentsOf(node: ts.Node): ts.JSDoc[] {
  return ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
}
