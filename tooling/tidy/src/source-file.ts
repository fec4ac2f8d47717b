import ts from 'typescript'

/** A TypeScript file of the workspace, parsed. */
export interface SourceFile {
  /** Path from the root of the workspace, with `/`. */
  readonly path: string
  /** Path from the folder of its package. */
  readonly localPath: string
  readonly text: string
  readonly syntax: ts.SourceFile
  /** What the file is for: shipped to users, or a test. */
  readonly role: 'source' | 'test'
}

/** One import or re-export; type-only ones count. */
export interface ImportEdge {
  readonly specifier: string
  readonly line: number
}

/** Parses a file; `packageFolder` is where its package lies, from the root. */
export function parseSource(packageFolder: string, localPath: string, text: string): SourceFile {
  return {
    path: `${packageFolder}/${localPath}`,
    localPath,
    text,
    syntax: ts.createSourceFile(localPath, text, ts.ScriptTarget.ES2022, true),
    role: localPath.startsWith('src/') && !localPath.endsWith('.test.ts') ? 'source' : 'test',
  }
}

/** Everything that a file imports, statically, dynamically, as a type or through `require`. */
export function importsOf(file: SourceFile): ImportEdge[] {
  const edges: ImportEdge[] = []
  const add = (node: ts.Node | undefined): void => {
    if (node !== undefined && ts.isStringLiteralLike(node)) {
      edges.push({ specifier: node.text, line: lineOf(file, node) })
    }
  }
  visit(file.syntax, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal)
    else if (ts.isCallExpression(node)) {
      const { expression } = node
      const requires = /^(?:require$|createRequire\()/.test(expression.getText(file.syntax))
      if (requires || expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0])
    }
  })
  return edges
}

/** Walks a syntax tree, parents first. */
export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node)
  ts.forEachChild(node, (child) => visit(child, look))
}

/** Line of a node, from 1. */
export function lineOf(file: SourceFile, node: ts.Node): number {
  return file.syntax.getLineAndCharacterOfPosition(node.getStart(file.syntax)).line + 1
}

/** `path:line` of a node. */
export function placeOf(file: SourceFile, node: ts.Node): string {
  return `${file.path}:${lineOf(file, node)}`
}
