import { encodeUtf8 } from '@ldb/base'

/** A host whose threads wait for the commits that share a sync (rule C1 of SPEC.md). @category Interface */
export interface CommitHost {
  /**
   * Receives the outcome of a commit, by the ticket that its function has returned.
   *
   * @param status - 0, or the status of an error.
   * @param text - that of the error, in UTF-8.
   */
  settleCommit(ticket: number, status: number, text: Uint8Array): void
}

/** Status and text of an error. */
export interface ErrorReport {
  readonly status: number
  readonly text: string
}

const NO_TEXT = new Uint8Array(0)

/** Commits that are in the log, and of which the host waits for the outcome. */
export class SharedCommits {
  readonly #host: CommitHost | undefined
  readonly #reportOf: (error: unknown) => ErrorReport
  #last = 0

  /** @param host - `undefined`: no function that returns tickets is called. */
  constructor(host: CommitHost | undefined, reportOf: (error: unknown) => ErrorReport) {
    this.#host = host
    this.#reportOf = reportOf
  }

  /** Returns the ticket of a commit. */
  add(commit: Promise<void>): number {
    const ticket = ++this.#last
    commit.then(
      () => {
        this.#host?.settleCommit(ticket, 0, NO_TEXT)
      },
      (error: unknown) => {
        const { status, text } = this.#reportOf(error)
        this.#host?.settleCommit(ticket, status, encodeUtf8(text.toWellFormed()))
      },
    )
    return ticket
  }
}
