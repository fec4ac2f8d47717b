/** What a profile can tell: where time goes, where memory is made, and where V8 throws compiled code away. */
export const PROFILE_KINDS = ['cpu', 'heap', 'deopt'] as const

/** Name of a kind of profile. */
export type ProfileKind = (typeof PROFILE_KINDS)[number]
