export { makeCertificate } from './certificate.js'
export type { Certificate } from './certificate.js'
/**
 * Throw-away servers for tests.
 *
 * @packageDocumentation
 */

export { installDebianPackages } from './debian-packages.js'
export { freePort } from './free-port.js'
export { createScratchFolder, removeScratchFolder } from './scratch-folder.js'
export { ServerProcess } from './server-process.js'
export type { Account, ServerCommand } from './server-process.js'
export { findPostgres, PostgresServer } from './postgres.js'
export type { PostgresInstallation, PostgresOptions } from './postgres.js'
export { findEtcd } from './etcd-installation.js'
export type { EtcdInstallation } from './etcd-installation.js'
export { EtcdServers } from './etcd.js'
export type { EtcdServersOptions } from './etcd.js'
export { PostgresGroup } from './postgres-group.js'
export { CuttingProxy } from './cutting-proxy.js'
export type { ChooseCut } from './cutting-proxy.js'
