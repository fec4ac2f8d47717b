/* changes.c: readers of committed changes. */
#include "core.h"

/* Turns of the engine's timers in which a commit that is there is read. */
#define TURNS_MAX 64

int32_t ldb_changes_open(ldb_handle database, ldb_handle keyspace, int64_t since, ldb_handle *changes) {
  struct ldb_call call;
  uint32_t object = 0;
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  if (changes == NULL) status = ldb_fail(LDB_INVALID_ARGUMENT, "changes is NULL");
  else if (since < -1 || since > (int64_t)1 << 53) status = ldb_fail(LDB_INVALID_ARGUMENT, "since is not a commit");
  else status = ldb_find_object(&call, keyspace, LDB_KINDS_KEYSPACE, &object);
  if (status != LDB_OK) return ldb_end_call(&call, status);
  const double arguments[3] = {call.database->object, object, (double)since};
  double opened = ldb_invoke(call.engine, LDB_FN_OPEN_CHANGES, 3, arguments);
  if (opened < 0) return ldb_end_call(&call, (int32_t)opened);
  ldb_handle handle = ldb_add_handle(call.database, LDB_KIND_CHANGES, (uint32_t)opened, NULL);
  if (handle == 0) {
    ldb_engine_call(call.engine, LDB_FN_CLOSE_CHANGES, &opened, 1);
    return ldb_end_call(&call, ldb_fail(LDB_NO_MEMORY, "no memory for a handle"));
  }
  *changes = handle;
  return ldb_end_call(&call, LDB_OK);
}

/* Lets the engine read the next commit, and returns the bytes of it in the arena. */
static double take(struct ldb_call *call) {
  const double argument = call->slot->object;
  double result = ldb_invoke(call->engine, LDB_FN_READ_CHANGES, 1, &argument);
  for (int turn = 0; turn < TURNS_MAX && result >= 0; turn++) {
    ldb_engine_run_jobs(call->engine);
    result = ldb_invoke(call->engine, LDB_FN_TAKE_CHANGES, 1, &argument);
    if (result != 0) return result;
    /* The reader may have yielded to other tasks. */
    if (ldb_engine_run_timers(call->engine) == 0) break;
  }
  return result;
}

int32_t ldb_changes_poll(ldb_handle changes, void **commit, size_t *commit_bytes) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(changes, LDB_KIND_CHANGES, &call);
  if (status != LDB_OK) return status;
  if (commit == NULL || commit_bytes == NULL) return ldb_end_call(&call, ldb_fail(LDB_INVALID_ARGUMENT, "an output is NULL"));
  double result = take(&call);
  if (result < 0) return ldb_end_call(&call, (int32_t)result);
  if (result == 0) return ldb_end_call(&call, LDB_ABSENT);
  status = ldb_copy_result(call.engine, (size_t)result, commit);
  if (status == LDB_OK) *commit_bytes = (size_t)result;
  ldb_release_arena(call.engine);
  return ldb_end_call(&call, status);
}
