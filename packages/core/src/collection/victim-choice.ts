import { INVARIANTS } from '@ldb/base'

/** A blob file, as the choice of the files to collect sees it. */
export interface CandidateFile {
  readonly number: number
  readonly fileBytes: number
  /** Bytes of live records; `undefined` while they are not known. */
  readonly liveBytes: number | undefined
}

/** Dead bytes from which files are collected, as a share of the live ones, and in addition to it. Small where invariants are checked. */
const DEAD_SHARE_MAX = 0.2
const DEAD_BYTES_MIN = INVARIANTS ? 1024 : 262_144
/** Dead bytes that a collection leaves, as a share of the live ones. */
const DEAD_SHARE_LEFT = 0.1
/** A file of which less is dead is not worth a copy; in a forced collection, one with fewer dead bytes, such as those of its index. */
const FILE_DEAD_SHARE_MIN = 0.05
const FILE_DEAD_BYTES_MIN = INVARIANTS ? 256 : 4096

/** Sums of all files. Files whose live bytes are not known count as live. */
export interface BlobSums {
  readonly liveBytes: number
  readonly deadBytes: number
}

/** Returns the sums of files. */
export function sumOf(files: readonly CandidateFile[]): BlobSums {
  let live = 0
  let dead = 0
  for (const { fileBytes, liveBytes = fileBytes } of files) {
    live += Math.min(liveBytes, fileBytes)
    dead += Math.max(0, fileBytes - liveBytes)
  }
  return { liveBytes: live, deadBytes: dead }
}

/** Reports whether files have so many dead bytes that some must be collected. */
export function mustCollect({ liveBytes, deadBytes }: BlobSums): boolean {
  return deadBytes > DEAD_BYTES_MIN + liveBytes * DEAD_SHARE_MAX
}

/**
 * Chooses the files to collect, those with the greatest share of dead bytes first.
 *
 * @param isForced - all files with dead records are collected.
 */
export function chooseVictims(files: readonly CandidateFile[], isForced: boolean): number[] {
  const sums = sumOf(files)
  if (!isForced && !mustCollect(sums)) return []
  const victims: number[] = []
  let deadBytes = sums.deadBytes
  const deadOf = ({ fileBytes, liveBytes = fileBytes }: CandidateFile): number => fileBytes - liveBytes
  const byShare = [...files].sort(
    (left, right) =>
      deadOf(right) / right.fileBytes - deadOf(left) / left.fileBytes || left.number - right.number,
  )
  for (const file of byShare) {
    const dead = deadOf(file)
    if (isForced ? dead < FILE_DEAD_BYTES_MIN : deadBytes <= sums.liveBytes * DEAD_SHARE_LEFT) break
    if (!isForced && dead < file.fileBytes * FILE_DEAD_SHARE_MIN) break
    victims.push(file.number)
    deadBytes -= dead
  }
  return victims
}
