/* views.c: snapshots, transactions, and keyspaces through them. */
#include <string.h>

#include "core.h"

/* Adds a handle for an object that a function has opened; `undo` closes the object when there is no memory. */
static int32_t add(struct ldb_call *call, enum ldb_kind kind, double object, enum ldb_function undo, ldb_handle *handle) {
  if (object < 0) return (int32_t)object;
  ldb_handle added = ldb_add_handle(call->database, kind, (uint32_t)object, NULL);
  if (added == 0) {
    ldb_engine_call(call->engine, undo, &object, 1);
    return ldb_fail(LDB_NO_MEMORY, "no memory for a handle");
  }
  *handle = added;
  return LDB_OK;
}

int32_t ldb_snapshot_open(ldb_handle database, ldb_handle *snapshot) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  if (snapshot == NULL) return ldb_end_call(&call, ldb_fail(LDB_INVALID_ARGUMENT, "snapshot is NULL"));
  const double argument = call.database->object;
  double object = ldb_invoke(call.engine, LDB_FN_OPEN_SNAPSHOT, 1, &argument);
  return ldb_end_call(&call, add(&call, LDB_KIND_SNAPSHOT, object, LDB_FN_CLOSE_SNAPSHOT, snapshot));
}

int32_t ldb_transaction_begin(ldb_handle database, const ldb_transaction_options *options, ldb_handle *transaction) {
  struct ldb_call call;
  ldb_transaction_options checked;
  memset(&checked, 0, sizeof checked);
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  if (transaction == NULL) status = ldb_fail(LDB_INVALID_ARGUMENT, "transaction is NULL");
  else if (options != NULL && !ldb_copy_options(&checked, sizeof checked, options))
    status = ldb_fail(LDB_INVALID_ARGUMENT, "size of the options of a transaction");
  else if (checked.read_only > 1) status = ldb_fail(LDB_INVALID_ARGUMENT, "read_only of a transaction");
  if (status != LDB_OK) return ldb_end_call(&call, status);
  const double arguments[3] = {call.database->object, checked.isolation, checked.read_only};
  double object = ldb_invoke(call.engine, LDB_FN_BEGIN, 3, arguments);
  return ldb_end_call(&call, add(&call, LDB_KIND_TRANSACTION, object, LDB_FN_CLOSE_TRANSACTION, transaction));
}

int32_t ldb_in(ldb_handle snapshot_or_transaction, ldb_handle keyspace, ldb_handle *view) {
  struct ldb_call call;
  uint32_t object = 0;
  int32_t status = ldb_begin_call(snapshot_or_transaction, LDB_KIND_SNAPSHOT | LDB_KIND_TRANSACTION, &call);
  if (status != LDB_OK) return status;
  if (view == NULL) status = ldb_fail(LDB_INVALID_ARGUMENT, "view is NULL");
  else status = ldb_find_object(&call, keyspace, LDB_KINDS_KEYSPACE, &object);
  if (status != LDB_OK) return ldb_end_call(&call, status);
  const double arguments[2] = {call.slot->object, object};
  double opened = ldb_invoke(call.engine, call.slot->kind == LDB_KIND_SNAPSHOT ? LDB_FN_IN_SNAPSHOT : LDB_FN_IN_TRANSACTION, 2, arguments);
  return ldb_end_call(&call, add(&call, LDB_KIND_VIEW, opened, LDB_FN_CLOSE_TARGET, view));
}

/* Calls a function of a transaction; its result, or an error, is `result`. */
static int32_t on_transaction(ldb_handle transaction, enum ldb_function function, double argument, double *result) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(transaction, LDB_KIND_TRANSACTION, &call);
  if (status != LDB_OK) return status;
  const double arguments[2] = {call.slot->object, argument};
  *result = ldb_invoke(call.engine, function, 2, arguments);
  return ldb_end_call(&call, *result < 0 ? (int32_t)*result : LDB_OK);
}

int32_t ldb_transaction_commit(ldb_handle transaction, const ldb_write_options *options) {
  struct ldb_call call;
  double durability, ttl_ms;
  int32_t status = ldb_begin_call(transaction, LDB_KIND_TRANSACTION, &call);
  if (status != LDB_OK) return status;
  status = ldb_check_write(options, &durability, &ttl_ms);
  if (status == LDB_OK) {
    const struct ldb_commit_functions functions = {LDB_FN_COMMIT, LDB_FN_COMMIT_LATER};
    const double arguments[2] = {call.slot->object, durability};
    status = ldb_commit(&call, &functions, 2, arguments, durability);
  }
  return ldb_end_call(&call, status);
}

int32_t ldb_transaction_rollback(ldb_handle transaction) {
  double result;
  return on_transaction(transaction, LDB_FN_ROLLBACK, 0, &result);
}

int32_t ldb_transaction_savepoint(ldb_handle transaction, uint32_t *savepoint) {
  double result = 0;
  int32_t status = ldb_begin_function();
  if (status != LDB_OK) return status;
  if (savepoint == NULL) return ldb_fail(LDB_INVALID_ARGUMENT, "savepoint is NULL");
  status = on_transaction(transaction, LDB_FN_SAVEPOINT, 0, &result);
  if (status == LDB_OK) *savepoint = (uint32_t)result;
  return status;
}

int32_t ldb_transaction_rollback_to(ldb_handle transaction, uint32_t savepoint) {
  double result;
  return on_transaction(transaction, LDB_FN_ROLLBACK_TO, savepoint, &result);
}
