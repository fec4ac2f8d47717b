/**
 * A position in the history of the commits of one cluster: opaque to every layer but the driver, storable as text, and compared by
 * `compareVersions`. It stays meaningful over restarts of all processes.
 *
 * @category Driver
 */
export type Version = string & { readonly __brand: 'Version' }
