// Enables the costly invariant checks in every test; see INVARIANTS in @ldb/base.
globalThis.LDB_INVARIANTS = true
