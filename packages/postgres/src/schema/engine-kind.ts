/** An engine that speaks PostgreSQL's protocol. @category Driver */
export type EngineKind = 'PostgreSQL' | 'YugabyteDB' | 'CockroachDB'

/** Returns the engine that reports `version()` like this. */
export function engineKindOf(version: string): EngineKind {
  if (version.startsWith('CockroachDB')) return 'CockroachDB'
  return version.includes('-YB-') ? 'YugabyteDB' : 'PostgreSQL'
}
