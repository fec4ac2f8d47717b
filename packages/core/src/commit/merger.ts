import { BatchReader, copyBytesInto, toSeq } from '@ldb/base'
import type { BatchSection, Seq } from '@ldb/base'

/** A store as far as commits change it. */
export interface MergedStore {
  /** As of an `OrderedStore`. */
  apply(section: BatchSection, seq: Seq): void
}

/** Longer sections are applied by themselves: what they would gain is less than their copying costs. */
const COPIED_BYTES_MAX = 16_384
/** Bytes of one store that are gathered before they are applied. */
const LANE_BYTES = 131_072
/** Stores that are gathered for at the same time. */
const LANES_MAX = 8

/**
 * Makes one section of those that commits in a row have for a store, so that the store applies them as one: it works on many
 * entries at once then, and waits less for memory.
 *
 * (G1) Each store gets the operations in the order of the commits, and the number of the last of them. (G2) Between `add` and
 * `finish` stores may hold any part of the commits, so nobody may look at them. (G3) When anything here throws, a part of the
 * commits may be in the stores: nobody may look at them any more.
 */
export class CommitMerger {
  readonly #lanes: Lane[] = []
  readonly #spares: Lane[] = []
  readonly #reader: BatchReader = new BatchReader()

  /**
   * Takes a section of a commit, whose bytes are free again when this returns.
   *
   * @param seq - of the commit; never less than that of one taken before.
   * @throws {@link LdbError} what the store throws, for this section or for ones before it; LDB_CORRUPTION when a section
   * that comes from a file is malformed, with its place in the file.
   */
  add(store: MergedStore, section: BatchSection, seq: number): void {
    const byteCount = section.end - section.start
    let lane = this.#find(store)
    if (byteCount > COPIED_BYTES_MAX) {
      if (lane !== undefined) lane.apply()
      store.apply(section, toSeq(seq))
      return
    }
    // Within the merged section, nobody could tell any more where in the file it stands.
    if (section.origin !== undefined) this.#check(section)
    lane ??= this.#open(store)
    if (byteCount > LANE_BYTES - lane.end) lane.apply()
    lane.add(section, seq)
  }

  /** Applies what has not been applied yet, and lets go of the stores. @throws {@link LdbError} what the stores throw. */
  finish(): void {
    const lanes = this.#lanes
    try {
      for (const lane of lanes) lane.apply()
    } finally {
      for (const lane of lanes) {
        lane.clear()
        this.#spares.push(lane)
      }
      lanes.length = 0
    }
  }

  #find(store: MergedStore): Lane | undefined {
    const lanes = this.#lanes
    for (let index = 0; index < lanes.length; index++) {
      const lane = lanes[index] as Lane
      if (lane.store === store) return lane
    }
    return undefined
  }

  #open(store: MergedStore): Lane {
    if (this.#lanes.length >= LANES_MAX) this.finish()
    const lane = this.#spares.pop() ?? new Lane()
    lane.store = store
    this.#lanes.push(lane)
    return lane
  }

  #check(section: BatchSection): void {
    const reader = this.#reader
    reader.reset(section)
    while (reader.next());
  }
}

/** The operations that are gathered for one store. */
class Lane implements BatchSection {
  readonly bytes: Uint8Array = new Uint8Array(LANE_BYTES)
  readonly start = 0
  end = 0
  operationCount = 0
  store: MergedStore | undefined = undefined
  #seq = 0

  add(section: BatchSection, seq: number): void {
    copyBytesInto(this.bytes, this.end, section.bytes, section.start, section.end)
    this.end += section.end - section.start
    this.operationCount += section.operationCount
    this.#seq = seq
  }

  /** Applies what was gathered. */
  apply(): void {
    if (this.operationCount === 0) return
    this.store?.apply(this, toSeq(this.#seq))
    this.end = 0
    this.operationCount = 0
  }

  /** Forgets the store and what was gathered for it. */
  clear(): void {
    this.store = undefined
    this.end = 0
    this.operationCount = 0
  }
}
