/** One thing that is not as the house wants it. */
export interface Finding {
  /** File, with a line where one is known: `packages/wal/src/record.ts:12`. */
  readonly place: string
  readonly message: string
}

/** Findings as lines, which is what a failing test shows. */
export function describeFindings(findings: readonly Finding[]): string[] {
  return findings.map(({ place, message }) => `${place}: ${message}`)
}
