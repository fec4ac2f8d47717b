import type { Transfer } from '../database/transfer.js'

/** Encodes the acknowledgement of a commit as one line. */
export function encodeAcknowledgement(number: number, { from, to, amount }: Transfer): string {
  return `${JSON.stringify([number, from, to, amount])}\n`
}

/** The acknowledged commits of the writer. It is in the parent process, which survives the kill. */
export class Ledger {
  readonly #transfers: Map<number, Transfer> = new Map()
  #unfinished = ''

  /** Number of acknowledged commits. */
  get count(): number {
    return this.#transfers.size
  }

  /** Appends output of the writer, in pieces of any size. A line counts once it is terminated. */
  append(text: string): void {
    const lines = (this.#unfinished + text).split('\n')
    this.#unfinished = lines.pop() ?? ''
    for (const line of lines) this.#record(line)
  }

  /** Discards a line that the kill truncated: its commit may be durable, but was not acknowledged. */
  discardPartialLine(): void {
    this.#unfinished = ''
  }

  /** Returns the numbers of the acknowledged transfers that `read` does not return, or returns with other contents. */
  lost(read: (number: number) => Transfer | undefined): number[] {
    const lost: number[] = []
    for (const [number, acknowledged] of this.#transfers) {
      const actual = read(number)
      const isEqual =
        actual?.from === acknowledged.from &&
        actual.to === acknowledged.to &&
        actual.amount === acknowledged.amount
      if (!isEqual) lost.push(number)
    }
    return lost
  }

  #record(line: string): void {
    const [number, from, to, amount] = JSON.parse(line) as [number, string, string, number]
    if (this.#transfers.has(number)) throw new Error(`commit ${number} was acknowledged twice`)
    this.#transfers.set(number, { from, to, amount })
  }
}
