import { HERMITAGE_CASES } from './hermitage-cases.js'
import type { IsolationCase } from './isolation-case.js'
import { ORDERED_STORE_CASES } from './ordered-store-cases.js'

/** Every case of the isolation suite. */
export const ISOLATION_CASES: readonly IsolationCase[] = [...HERMITAGE_CASES, ...ORDERED_STORE_CASES]
