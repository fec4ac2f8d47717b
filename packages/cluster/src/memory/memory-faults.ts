/**
 * A fault that a memory driver injects into a call.
 *
 * - `'unavailable'`: the call fails before it reaches the cluster.
 * - `'conflict'`: a read or a commit fails as if another transaction had won.
 * - `'unknownApplied'`: the commit is applied, and its answer is lost.
 * - `'unknownNotApplied'`: the commit is lost, and so is its answer.
 * - `'unknownLate'`: the answer is lost, and the commit arrives after a few further calls, unless its marker was claimed.
 *
 * The three unknown outcomes apply to commits only; any other call ignores them.
 * @category Memory driver
 */
export type MemoryFault = 'unavailable' | 'conflict' | 'unknownApplied' | 'unknownNotApplied' | 'unknownLate'

/** Kinds of calls of a driver. @category Memory driver */
export type MemoryCall = 'catalog' | 'read' | 'commit' | 'resolve'

/** Chooses the fault of a call; `undefined` for none. @category Memory driver */
export type ChooseFault = (call: MemoryCall) => MemoryFault | undefined
