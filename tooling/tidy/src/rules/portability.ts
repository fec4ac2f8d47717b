import { builtinModules } from 'node:module'
import ts from 'typescript'

import type { Finding } from '../finding.js'
import { importsOf, placeOf, visit } from '../source-file.js'
import type { SourceFile } from '../source-file.js'
import type { Package } from '../workspace.js'

/** Names that a bare engine does not have, or that make a run unrepeatable. */
const BANNED_GLOBALS = new Set(
  (
    'Buffer process global require module __dirname __filename ' +
    'TextEncoder TextDecoder URL fetch Intl structuredClone atob btoa ' +
    'console performance crypto navigator window self document WebAssembly ' +
    'setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate ' +
    'queueMicrotask MessageChannel Worker AbortController EventTarget Event eval Function'
  ).split(' '),
)
const BANNED_MEMBERS = new Set(['Date.now', 'Math.random'])

/** Packages whose very purpose is the world outside. */
const WORLDLY_PACKAGES = new Set([
  '@ldb/vfs',
  '@ldb/cli',
  '@ldb/studio',
  '@ldb/ffi',
  '@ldb/etcd',
  '@ldb/postgres',
])

/**
 * Sources are plain ES2022 and typed arrays: what is Node's stands in `@ldb/vfs` and in files named `*-node.ts`,
 * and what is not pure (clock, randomness, scheduling) comes in through the `Vfs`.
 */
export function checkPortability(subject: Package): Finding[] {
  if (WORLDLY_PACKAGES.has(subject.name)) return []
  return subject.files
    .filter((file) => file.role === 'source' && !file.localPath.endsWith('-node.ts'))
    .flatMap((file) => [...checkImports(file), ...checkGlobals(file)])
}

function checkImports(file: SourceFile): Finding[] {
  return importsOf(file)
    .filter(({ specifier }) => specifier.startsWith('node:') || builtinModules.includes(specifier))
    .map(({ specifier, line }) => ({ place: `${file.path}:${line}`, message: `imports ${specifier}` }))
}

function checkGlobals(file: SourceFile): Finding[] {
  const findings: Finding[] = []
  const own = namesDeclaredIn(file)
  visit(file.syntax, (node) => {
    const name = bannedName(node, own)
    if (name !== undefined) findings.push({ place: placeOf(file, node), message: `uses ${name}` })
  })
  return findings
}

function bannedName(node: ts.Node, own: ReadonlySet<string>): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const name = `${node.expression.getText()}.${node.name.text}`
    if (BANNED_MEMBERS.has(name)) return name
    if (node.expression.getText() === 'globalThis' && BANNED_GLOBALS.has(node.name.text)) return name
    return undefined
  }
  if (
    ts.isNewExpression(node) &&
    node.expression.getText() === 'Date' &&
    (node.arguments?.length ?? 0) === 0
  ) {
    return 'new Date(), the clock'
  }
  if (!ts.isIdentifier(node) || !BANNED_GLOBALS.has(node.text) || own.has(node.text)) return undefined
  return isReference(node) ? node.text : undefined
}

/** True where an identifier stands for a variable or a type, not for a member's or a declaration's name. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isQualifiedName(parent)) return parent.left === node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  return (
    !('name' in parent && parent.name === node) && !('propertyName' in parent && parent.propertyName === node)
  )
}

function namesDeclaredIn(file: SourceFile): Set<string> {
  const names = new Set<string>()
  visit(file.syntax, (node) => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isImportSpecifier(node)
    if (declares && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text)
  })
  return names
}
