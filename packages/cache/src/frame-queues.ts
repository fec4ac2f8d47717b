import { GhostQueue } from './ghost-queue.js'
import { FrameList } from './frame-list.js'

/** A page used this often outlives that many rounds of its queue. */
const USES_MAX = 3
/** A newcomer used more often than this stays; one operation may touch a page twice. */
const USES_OF_NEWCOMER = 1
/** This part of the frames is for newcomers. */
const NEWCOMER_SHARE = 10

/**
 * Chooses which frame to give up: three queues in order of arrival (S3-FIFO).
 *
 * @remarks A page comes in among the newcomers, a tenth of the frames. One that was used again when its turn has come goes over
 * to the residents; the others go, and their names are remembered: a page that comes back soon is a resident at once. A
 * resident goes when its turn has come and it was not used since the last time. So a scan, which touches each
 * page once, runs through the newcomers and leaves the residents alone. A use costs one counter.
 *
 * Takes 28 to 43 bytes a frame.
 * @see Yang et al., "FIFO queues are all you need for cache eviction", 2023
 * @internal
 */
export class FrameQueues {
  readonly #uses: Uint8Array
  /** 1 for a resident, 0 for a newcomer. */
  readonly #isResident: Uint8Array
  readonly #names: Int32Array
  readonly #small: FrameList
  readonly #main: FrameList
  readonly #smallMax: number
  readonly #ghost: GhostQueue

  constructor(frameCount: number) {
    this.#uses = new Uint8Array(frameCount)
    this.#isResident = new Uint8Array(frameCount)
    this.#names = new Int32Array(frameCount)
    const next = new Int32Array(frameCount)
    const previous = new Int32Array(frameCount)
    this.#small = new FrameList(next, previous)
    this.#main = new FrameList(next, previous)
    this.#smallMax = Math.max(1, Math.floor(frameCount / NEWCOMER_SHARE))
    this.#ghost = new GhostQueue(frameCount - this.#smallMax)
  }

  /** Notes a use of a page. */
  touch(frame: number): void {
    const uses = this.#uses[frame] as number
    if (uses < USES_MAX) this.#uses[frame] = uses + 1
  }

  /** Notes that a new page came into a frame that holds none. */
  insert(frame: number, name: number): void {
    this.#names[frame] = name
    if (this.#ghost.take(name)) {
      this.#keep(frame, 0)
      return
    }
    this.#uses[frame] = 0
    this.#isResident[frame] = 0
    this.#small.add(frame)
  }

  /** Notes that a frame holds no page any more. */
  remove(frame: number): void {
    if (this.#isResident[frame] === 1) this.#main.remove(frame)
    else this.#small.remove(frame)
  }

  /** Notes that the page in a frame was thrown out to make room, and that a new one came into it. */
  replace(frame: number, name: number): void {
    const wasResident = this.#isResident[frame] === 1
    if (!wasResident) this.#ghost.add(this.#names[frame] as number)
    if (wasResident || this.#ghost.has(name)) {
      this.remove(frame)
      this.insert(frame, name)
      return
    }
    // One newcomer after another, as most are that a small cache brings in.
    this.#names[frame] = name
    this.#uses[frame] = 0
    this.#small.renew(frame)
  }

  /** Returns an unpinned frame, which stays where it is, or -1 when every one is pinned. */
  choose(pins: Int32Array): number {
    const steps = this.#uses.length * (USES_MAX + 2)
    for (let step = 0; step < steps; step += 1) {
      const isNewcomer = this.#small.count > this.#smallMax || this.#main.count === 0
      const queue = isNewcomer ? this.#small : this.#main
      const frame = queue.oldest
      const uses = this.#uses[frame] as number
      if (pins[frame] === 0 && uses <= (isNewcomer ? USES_OF_NEWCOMER : 0)) return frame
      if (pins[frame] !== 0) queue.renew(frame)
      else if (isNewcomer) {
        queue.remove(frame)
        this.#keep(frame, 0)
      } else {
        this.#uses[frame] = uses - 1
        queue.renew(frame)
      }
    }
    // The queue whose turn it is holds pinned frames alone.
    return pins.indexOf(0)
  }

  /** Lets a page that has left its queue stay, as a resident. */
  #keep(frame: number, uses: number): void {
    this.#uses[frame] = uses
    this.#isResident[frame] = 1
    this.#main.add(frame)
  }
}
