/* close.c: closing handles of every kind. */
#include "core.h"

#define KINDS_ALL 255

/* Returns the function that closes the object of a handle; LDB_FN_COUNT_ when it stays: the operations of batches name keyspaces. */
static enum ldb_function closing_function(enum ldb_kind kind) {
  switch (kind) {
    case LDB_KIND_SNAPSHOT:
      return LDB_FN_CLOSE_SNAPSHOT;
    case LDB_KIND_TRANSACTION:
      return LDB_FN_CLOSE_TRANSACTION;
    case LDB_KIND_ITERATOR:
      return LDB_FN_CLOSE_ITERATOR;
    case LDB_KIND_CHANGES:
      return LDB_FN_CLOSE_CHANGES;
    case LDB_KIND_VIEW:
      return LDB_FN_CLOSE_TARGET;
    default:
      return LDB_FN_COUNT_;
  }
}

int32_t ldb_close(ldb_handle handle) {
  struct ldb_call call;
  int32_t status = ldb_begin_closing(handle, KINDS_ALL, &call);
  if (status != LDB_OK) return status;
  enum ldb_kind kind = call.slot->kind;
  bool is_closed = call.database->is_closed;
  if (kind == LDB_KIND_DATABASE) {
    /* Another thread is closing it. */
    if (is_closed) return ldb_end_call(&call, ldb_fail(LDB_CLOSED, "the handle is closed"));
    return ldb_end_call(&call, ldb_database_close(&call));
  }
  enum ldb_function function = closing_function(kind);
  if (!is_closed && function != LDB_FN_COUNT_) {
    const double argument = call.slot->object;
    double result = ldb_invoke(call.engine, function, 1, &argument);
    if (result < 0) status = (int32_t)result;
  }
  if (kind == LDB_KIND_BATCH) ldb_batch_free(call.slot->state);
  if (kind == LDB_KIND_ITERATOR) ldb_iterator_free(call.slot->state);
  ldb_remove_handle(&call);
  return ldb_end_call(&call, status);
}
