/** Returns the space of large values that no entry names any more, around a checkpoint. */
interface SpaceCollection {
  /** True when it may return any. */
  readonly mayReturnSpace: boolean
  /** Called before the checkpoint. */
  examineNow(): void
  /** Called after it. */
  collectNow(): void
}

/** Returns space to a device on which a commit does not fit. */
export class SpaceRelief {
  #collection: SpaceCollection | undefined = undefined

  /** Sets what returns the space of large values. */
  collectWith(collection: SpaceCollection | undefined): void {
    this.#collection = collection
  }

  run(checkpoint: () => void): void {
    const collection = this.#collection?.mayReturnSpace === true ? this.#collection : undefined
    collection?.examineNow()
    checkpoint()
    collection?.collectNow()
  }
}
