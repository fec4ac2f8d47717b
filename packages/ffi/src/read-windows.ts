import { ReadWindow } from '@ldb/core'
import type { Target } from './library-objects.js'

/** Keyspaces with a window: each costs a comparison at the end of each call. */
const WINDOWS_MAX = 64

/** A host that answers gets from the resident pages by itself (rule W1 of SPEC.md). @category Interface */
export interface WindowHost {
  /**
   * Receives the pages of a keyspace, which are those of its present state until the next call of a function.
   *
   * @param head - number of the keyspace, page number and level of the root, bytes of a page, bytes of an element of `frames`.
   */
  publishWindow(
    head: Int32Array,
    arena: Uint8Array,
    directory: Int32Array,
    frames: Int32Array | Uint16Array,
    uses: Uint8Array,
  ): void
  /** The keyspace has no window any more. */
  withdrawWindow(id: number): void
}

/** The keyspaces whose pages the host reads by itself. */
export class ReadWindows {
  readonly #host: WindowHost | undefined
  readonly #windows: { readonly id: number; readonly window: ReadWindow }[] = []
  readonly #head = new Int32Array(5)

  /** @param host - `undefined`: every get is a call of the library. */
  constructor(host: WindowHost | undefined) {
    this.#host = host
  }

  /** Publishes the window of a keyspace, if it has one. Called once for each. */
  open(id: number, target: Target): void {
    target.isWindowSought = true
    if (this.#host === undefined || this.#windows.length === WINDOWS_MAX) return
    const window = ReadWindow.open(target.reads)
    if (window === undefined) return
    this.#windows.push({ id, window })
    this.#publish(id, window)
  }

  /** Publishes again what has changed, and withdraws what has ended. */
  refresh(): void {
    const windows = this.#windows
    for (let index = 0; index < windows.length; index++) {
      const { id, window } = windows[index] as (typeof windows)[number]
      const isChanged = window.refresh()
      if (isChanged === true) this.#publish(id, window)
      else if (isChanged === undefined) {
        this.#host?.withdrawWindow(id)
        windows.splice(index--, 1)
      }
    }
  }

  #publish(id: number, { tree }: ReadWindow): void {
    const { pages, rootPage, rootLevel } = tree
    const { arena, directory, frames, uses, pageBytes } = pages
    const head = this.#head
    head[0] = id
    head[1] = rootPage
    head[2] = rootLevel
    head[3] = pageBytes
    head[4] = frames.BYTES_PER_ELEMENT
    this.#host?.publishWindow(head, arena, directory, frames, uses)
  }
}
