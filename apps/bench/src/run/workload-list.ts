import type { Workload } from './workload.js'
import { getMany, rangeOf100 } from '../workloads/many-reads.js'
import { getBorrowed, getHot, getMissing, getRandom, getZipf, makeKeys } from '../workloads/point-reads.js'
import { ycsbA, ycsbB, ycsbC, ycsbD, ycsbE, ycsbF } from '../workloads/mixed.js'
import { durableBatch, durablePut, durablePutByMany, fillRandom, openClean } from '../workloads/writes.js'
import { entriesAll, scanAll } from '../workloads/scans.js'

/** Every workload, by name. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  getRandom,
  getZipf,
  getHot,
  getBorrowed,
  getMissing,
  getMany,
  makeKeys,
  scanAll,
  entriesAll,
  rangeOf100,
  fillRandom,
  durableBatch,
  durablePut,
  durablePutByMany,
  openClean,
  ycsbA,
  ycsbB,
  ycsbC,
  ycsbD,
  ycsbE,
  ycsbF,
}
