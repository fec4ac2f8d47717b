/**
 * Marks a buffer, so that no code can transfer it: always `undefined`, because the platform has no such mark.
 *
 * The counterpart of untransferable-node.ts for other platforms.
 */
export const markUntransferable: ((buffer: ArrayBufferLike) => void) | undefined = undefined

/** True where a marked buffer is known to outlast `structuredClone`. */
export const CLONES_MARKED: boolean = false
