import { compareBytes, encodeUtf8 } from '@ldb/base'
import type { RangeOptions } from '@ldb/core'
import type { FormatData } from './encoded-views.js'

/** Range options as abstract-level passes them: bounds that are absent are absent as properties. */
export interface LevelRange {
  readonly gt?: FormatData | undefined
  readonly gte?: FormatData | undefined
  readonly lt?: FormatData | undefined
  readonly lte?: FormatData | undefined
  readonly reverse?: boolean | undefined
  readonly limit?: number | undefined
}

type Bounds = Pick<RangeOptions<FormatData>, 'gt' | 'gte' | 'lt' | 'lte' | 'reverse'>

/** Returns the range of a read. `gte` and `lte` come before `gt` and `lt`. */
export function rangeOf(options: LevelRange): Bounds {
  const { gt, gte, lt, lte, reverse } = options
  return {
    ...(gte !== undefined ? { gte } : gt !== undefined ? { gt } : {}),
    ...(lte !== undefined ? { lte } : lt !== undefined ? { lt } : {}),
    ...(reverse === true ? { reverse } : {}),
  }
}

/** Returns the limit of a read; `undefined` for none. */
export function limitOf({ limit }: LevelRange): number | undefined {
  return limit !== undefined && limit >= 0 && limit !== Infinity ? limit : undefined
}

/** Reports whether a key is within the bounds of a range. */
export function isWithin(key: FormatData, { gt, gte, lt, lte }: Bounds): boolean {
  const bytes = toBytes(key)
  const order = (bound: FormatData): number => compareBytes(bytes, toBytes(bound))
  if (gt !== undefined && order(gt) <= 0) return false
  if (gte !== undefined && order(gte) < 0) return false
  if (lt !== undefined && order(lt) >= 0) return false
  return lte === undefined || order(lte) <= 0
}

function toBytes(data: FormatData): Uint8Array {
  return typeof data === 'string' ? encodeUtf8(data) : data
}
