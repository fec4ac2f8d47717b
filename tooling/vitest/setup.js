// Costly invariant checks are on in every test; see INVARIANTS in @ldb/base.
globalThis.LDB_INVARIANTS = true
