/** Kinds of profiles: processor time, heap allocations, deoptimisations. */
export const PROFILE_KINDS = ['cpu', 'heap', 'deopt'] as const

/** Name of a kind of profile. */
export type ProfileKind = (typeof PROFILE_KINDS)[number]
