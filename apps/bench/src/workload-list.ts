import type { Workload } from './workload.js'
import { getMany, rangeOf100 } from './workloads/many-reads.js'
import { getBorrowed, getHot, getMissing, getRandom, getZipf, makeKeys } from './workloads/point-reads.js'
import { entriesAll, scanAll } from './workloads/scans.js'

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
}
