import type { CrashDecision } from './decision.js'
import { CrashInode } from './inode.js'
import { applyEntry } from './namespace.js'
import type { CrashDirectory, CrashNode, EntryOperation } from './namespace.js'

/** Builds the directories of an image. Each node is built once, so that hard links are preserved. */
export class ImageBuilder {
  readonly #decision: CrashDecision
  readonly #operations: readonly EntryOperation[]
  readonly #built: Map<CrashNode, CrashNode> = new Map()

  /** @param operations - the surviving directory operations, in order. */
  constructor(decision: CrashDecision, operations: readonly EntryOperation[]) {
    this.#decision = decision
    this.#operations = operations
  }

  directory(source: CrashDirectory): CrashDirectory {
    const entries = new Map(source.durable)
    for (const operation of this.#operations) {
      for (const change of operation.changes) if (change.directory === source) applyEntry(entries, change)
    }
    const current = new Map<string, CrashNode>()
    for (const [name, node] of entries) current.set(name, this.#node(node))
    return { kind: 'directory', identity: source.identity, current, durable: new Map(current) }
  }

  #node(source: CrashNode): CrashNode {
    const built =
      this.#built.get(source) ??
      (source.kind === 'directory'
        ? this.directory(source)
        : new CrashInode(source.identity, this.#decision.contentOf(source)))
    this.#built.set(source, built)
    return built
  }
}
