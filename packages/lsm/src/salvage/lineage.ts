import { compareBytes } from '@ldb/base'
import type { Entry } from '../entry/entry.js'
import { isKeyWithin } from '../table/table-meta.js'
import type { KeyRange } from '../table/table-meta.js'
import type { SalvagedTable } from './salvaged-table.js'

/**
 * Which tables a compaction has written from which others, without a manifest.
 *
 * @remarks Every operation has its own stamp. Two tables with the same version of a key are input and output of compactions, and the one with the greater
 * number is the output (L3). What an output lacks within its range was deleted or overwritten.
 */
export class Lineage {
  readonly #outputs: Map<SalvagedTable, Set<SalvagedTable>> = new Map()
  #ranges: Map<SalvagedTable, KeyRange[]> | undefined = undefined

  /** Notes that tables have the same version of a key. */
  note(tables: readonly SalvagedTable[]): void {
    for (const input of tables) {
      for (const output of tables) if (output.number > input.number) this.#outputsOf(input).add(output)
    }
  }

  /** Tables of which outputs were found. */
  get inputs(): SalvagedTable[] {
    return [...this.#outputs.keys()]
  }

  /** Reports whether an output of a table with a version of a key covers the key, and lacks the version. */
  isObsolete({ keyBuffer, keyStart, keyEnd }: Entry, tables: readonly SalvagedTable[]): boolean {
    this.#ranges ??= this.#coveredRanges()
    const newest = tables.reduce((a, b) => (b.number > a.number ? b : a))
    return (this.#ranges.get(newest) ?? []).some((range) => isKeyWithin(keyBuffer, keyStart, keyEnd, range))
  }

  #outputsOf(input: SalvagedTable): Set<SalvagedTable> {
    const outputs = this.#outputs.get(input) ?? new Set()
    this.#outputs.set(input, outputs)
    return outputs
  }

  #coveredRanges(): Map<SalvagedTable, KeyRange[]> {
    return new Map([...this.#outputs].map(([input, outputs]) => [input, coveredBy([...outputs])]))
  }
}

/** Returns the ranges that outputs cover: those that they have, and those between two whole outputs with numbers that follow each other. */
function coveredBy(outputs: readonly SalvagedTable[]): KeyRange[] {
  const sorted = [...outputs].sort((a, b) => a.number - b.number)
  const ranges = sorted.flatMap(({ intactRanges }) => intactRanges)
  for (const [index, output] of sorted.entries()) {
    const lower = output.blocks.at(-1)?.upper
    const next = sorted[index + 1]
    const upper = next?.blocks[0]?.lower
    if (lower === undefined || upper === undefined || next?.number !== output.number + 1) continue
    if (output.isWhole && next.isWhole && compareBytes(lower, upper) < 0) ranges.push({ lower, upper })
  }
  return ranges
}
