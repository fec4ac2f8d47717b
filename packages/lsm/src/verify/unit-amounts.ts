import type { VerifyAmount, VerifyUnitKind } from '@ldb/base'

/** Counts units by kind. */
export class UnitAmounts {
  #amounts: Map<VerifyUnitKind, { count: number; bytes: number; rawBytes: number }> = new Map()

  add(kind: VerifyUnitKind, bytes: number, rawBytes: number = bytes): void {
    const amount = this.#amounts.get(kind) ?? { count: 0, bytes: 0, rawBytes: 0 }
    amount.count++
    amount.bytes += bytes
    amount.rawBytes += rawBytes
    this.#amounts.set(kind, amount)
  }

  /** Returns the amounts since the last call. */
  take(): VerifyAmount[] {
    const amounts = [...this.#amounts].map(([kind, amount]) => ({ kind, ...amount }))
    this.#amounts = new Map()
    return amounts
  }
}
