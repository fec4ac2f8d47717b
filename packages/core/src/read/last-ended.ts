/**
 * The newest ended scan and cursor of a keyspace. When a garbage collection finds no live object of a class, V8 discards the class's
 * hidden class and all code compiled for it, which makes occasional range reads five times slower. An open scan or cursor is
 * alive as long as its caller uses it, and must be collectable afterwards.
 */
export interface LastEnded {
  scan: unknown
  cursor: unknown
}
