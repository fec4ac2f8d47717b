import { clearTimeout, setTimeout } from 'node:timers'

/** Ends the pause of one loop early. */
export class Wake {
  #isPoked = false
  #finish: (() => void) | undefined = undefined

  /** Ends the pause that is under way, or the next one. */
  poke(): void {
    this.#isPoked = true
    this.#finish?.()
  }

  /** Forgets the pokes that came before. */
  reset(): void {
    this.#isPoked = false
  }

  /** Resolves after `ms`, or at the first poke since `reset`. */
  wait(ms: number): Promise<void> {
    if (this.#isPoked) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#finish = undefined
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(finish, ms)
      this.#finish = finish
    })
  }
}
