import type { AsyncCommits } from '../commit/async-commits.js'

/** An action at a position in commit order. */
export interface OrderedAction<P> {
  /** Runs once all earlier commits are visible; no later commit is logged meanwhile. */
  prepare(): Promise<P>
  /**
   * Acts, and settles the call.
   *
   * @param prepared - contains the result of `prepare`; `undefined` when a synchronous commit must follow the action,
   * which then has no time to prepare.
   */
  act(
    prepared: { readonly value: P } | undefined,
    resolve: () => void,
    reject: (error: unknown) => void,
  ): void
}

/** Runs an action after all earlier commits are visible, and before any later one. */
export function actInCommitOrder(commits: AsyncCommits, action: () => void): Promise<void> {
  return runInCommitOrder(commits, {
    prepare: () => Promise.resolve(),
    act: (_prepared, resolve) => {
      action()
      resolve()
    },
  })
}

/** Runs an action at the position in commit order that its call has: after all earlier commits, and before all later ones. */
export function runInCommitOrder<P>(commits: AsyncCommits, action: OrderedAction<P>): Promise<void> {
  return new Promise((resolve, reject) => {
    let preparing: Promise<void> | undefined
    let isPrepared = false
    let prepared: { readonly value: P } | undefined
    const prepare = async (): Promise<void> => {
      try {
        await commits.visible()
        prepared = { value: await action.prepare() }
      } catch (error) {
        reject(error)
      }
      isPrepared = true
    }
    commits.submit({
      run: (mayBlock) => {
        if (!mayBlock && !isPrepared) return (preparing ??= prepare())
        if (isPrepared && prepared === undefined) return undefined
        try {
          if (!isPrepared) commits.drainLogged()
          action.act(prepared, resolve, reject)
        } catch (error) {
          reject(error)
        }
        return undefined
      },
    })
  })
}
