/** Name of the global variable that a module with a bug sets when it is loaded. */
export const LOADED_MARK = 'LDB_SEEDED_BUG_LOADED'
