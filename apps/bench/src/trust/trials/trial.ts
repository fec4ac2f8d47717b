import type { TrustSubject } from '../subject.js'

/** What a trial needs. */
export interface TrialContext {
  readonly subject: TrustSubject
  /** An empty folder, removed afterwards. */
  readonly dir: string
  /** Number of cases. */
  readonly cases: number
  /** Encrypt the store. */
  readonly isEncrypted: boolean
}

/** One attack or accident, run by the same script against every store. */
export interface Trial {
  readonly id: string
  readonly title: string
  /** True when it is run against encrypted stores. */
  readonly isEncrypted: boolean
  /** Returns what was seen, in a few words. */
  run(context: TrialContext): Promise<string>
}

/** The key of all encrypted stores. */
export const KEY: Uint8Array = Uint8Array.from({ length: 32 }, (_, index) => (index * 37 + 11) % 256)
/** Another key. */
export const WRONG_KEY: Uint8Array = KEY.map((byte) => byte ^ 1)
