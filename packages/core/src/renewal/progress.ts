import type { RenewalAmount, RenewalKind } from '../maintenance/background-renewal.js'

/** A sum that grows. */
interface Amount {
  unitCount: number
  byteCount: number
}

type Amounts = Record<RenewalKind, Amount>

/** Kinds of units, in the order in which they are renewed. */
export const RENEWAL_KINDS: readonly RenewalKind[] = ['catalog', 'blobs', 'stores', 'log']

function noAmounts(): Amounts {
  const amount = (): Amount => ({ unitCount: 0, byteCount: 0 })
  return { stores: amount(), blobs: amount(), log: amount(), catalog: amount() }
}

/** What a renewal has rewritten, and what it has found to be left. */
export class RenewalProgress {
  readonly #done: Amounts = noAmounts()
  #left: Amounts = noAmounts()

  /** Notes rewritten units. */
  noteRewritten(kind: RenewalKind, unitCount: number, byteCount: number): void {
    add(this.#done[kind], unitCount, byteCount)
    const left = this.#left[kind]
    left.unitCount = Math.max(0, left.unitCount - unitCount)
    left.byteCount = Math.max(0, left.byteCount - byteCount)
  }

  /** Replaces what is left by the result of a count. */
  replaceLeft(count: UnitCount): void {
    this.#left = count.amounts
  }

  /** Units that are left. */
  get leftCount(): number {
    return RENEWAL_KINDS.reduce((sum, kind) => sum + this.#left[kind].unitCount, 0)
  }

  /** Sum of what was rewritten. */
  get doneTotal(): RenewalAmount {
    const total = { unitCount: 0, byteCount: 0 }
    for (const kind of RENEWAL_KINDS) add(total, this.#done[kind].unitCount, this.#done[kind].byteCount)
    return total
  }

  leftOf(kind: RenewalKind): RenewalAmount {
    return { ...this.#left[kind] }
  }

  doneOf(kind: RenewalKind): RenewalAmount {
    return { ...this.#done[kind] }
  }
}

/** A count of the units that are left. */
export class UnitCount {
  readonly amounts: Amounts = noAmounts()

  add(kind: RenewalKind, unitCount: number, byteCount: number): void {
    add(this.amounts[kind], unitCount, byteCount)
  }
}

function add(amount: Amount, unitCount: number, byteCount: number): void {
  amount.unitCount += unitCount
  amount.byteCount += byteCount
}
