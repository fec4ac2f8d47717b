import type { Transfer } from '../database/transfer.js'

/** What the writer says of a commit that was acknowledged to it: one line. */
export function encodeAcknowledgement(number: number, { from, to, amount }: Transfer): string {
  return `${JSON.stringify([number, from, to, amount])}\n`
}

/**
 * What the parent was told of: every commit that the database acknowledged to the writer, kept where the kill of the
 * writer cannot reach.
 */
export class Ledger {
  readonly #transfers: Map<number, Transfer> = new Map()
  #unfinished = ''

  /** Commits that were acknowledged. */
  get count(): number {
    return this.#transfers.size
  }

  /** Takes what came out of the pipe, in pieces of any size. A line counts once its end is there. */
  append(text: string): void {
    const lines = (this.#unfinished + text).split('\n')
    this.#unfinished = lines.pop() ?? ''
    for (const line of lines) this.#record(line)
  }

  /** Forgets a line that the kill cut off: its commit may be there, and nobody was told so. */
  discardPartialLine(): void {
    this.#unfinished = ''
  }

  /** Numbers of the acknowledged transfers that `read` does not give, or gives otherwise. */
  lost(read: (number: number) => Transfer | undefined): number[] {
    const lost: number[] = []
    for (const [number, told] of this.#transfers) {
      const found = read(number)
      const same = found?.from === told.from && found.to === told.to && found.amount === told.amount
      if (!same) lost.push(number)
    }
    return lost
  }

  #record(line: string): void {
    const [number, from, to, amount] = JSON.parse(line) as [number, string, string, number]
    if (this.#transfers.has(number)) throw new Error(`commit ${number} was acknowledged twice`)
    this.#transfers.set(number, { from, to, amount })
  }
}
