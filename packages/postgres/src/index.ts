/**
 * A driver of `@ldb/cluster` over PostgreSQL's wire protocol.
 *
 * @packageDocumentation
 */

export { PostgresDriver } from './postgres-driver.js'
export type { PostgresOptions } from './postgres-options.js'
export type { ClientOptions } from './session/session.js'
export type { EngineKind } from './schema/engine-kind.js'
