import type { Workload } from '../model/workload.js'
import {
  firstFilled,
  firstReopened,
  firstReopenedInOrder,
  firstReopenedOverwriting,
  mixedUniform,
} from './first-reads.js'
import { getMany, rangeOf10, rangeOf100 } from './many-reads.js'
import { getBorrowed, getHot, getMissing, getRandom, getZipf, makeKeys } from './point-reads.js'
import { ycsbA, ycsbB, ycsbC, ycsbD, ycsbE, ycsbF } from './mixed.js'
import { appendOf100, appendOf1000, deleteSorted, overwriteSorted, queue } from './ordered-writes.js'
import { incrementByMany } from './transactions.js'
import {
  durableBatch,
  durablePut,
  durablePutAwaited,
  durablePutByMany,
  fillRandom,
  openClean,
  overwriteRandom,
  putUnawaited,
} from './writes.js'
import { fillUntilQuiet, mixedHalf, overwriteUntilQuiet, seekBehindDeletes } from './log-structured.js'
import { entriesAll, scanAll } from './scans.js'

/** Every workload, by name. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  getRandom,
  getZipf,
  getHot,
  getBorrowed,
  getMissing,
  getMany,
  firstFilled,
  firstReopened,
  firstReopenedInOrder,
  firstReopenedOverwriting,
  mixedUniform,
  makeKeys,
  scanAll,
  entriesAll,
  rangeOf10,
  rangeOf100,
  fillRandom,
  durableBatch,
  durablePut,
  durablePutAwaited,
  durablePutByMany,
  incrementByMany,
  putUnawaited,
  overwriteRandom,
  appendOf100,
  appendOf1000,
  overwriteSorted,
  deleteSorted,
  queue,
  openClean,
  fillUntilQuiet,
  overwriteUntilQuiet,
  mixedHalf,
  seekBehindDeletes,
  ycsbA,
  ycsbB,
  ycsbC,
  ycsbD,
  ycsbE,
  ycsbF,
}
