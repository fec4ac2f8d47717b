/* maintenance.c: what keeps an open database healthy. */
#include <string.h>

#include "core.h"

static int32_t on_database(ldb_handle database, enum ldb_function function) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  const double argument = call.database->object;
  double result = ldb_invoke(call.engine, function, 1, &argument);
  return ldb_end_call(&call, result < 0 ? (int32_t)result : LDB_OK);
}

int32_t ldb_sync(ldb_handle database) { return on_database(database, LDB_FN_SYNC); }

int32_t ldb_checkpoint(ldb_handle database) { return on_database(database, LDB_FN_CHECKPOINT); }

int32_t ldb_compact(ldb_handle database) { return on_database(database, LDB_FN_COMPACT); }

static int32_t json_of(ldb_handle database, enum ldb_function function, char **json) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  if (json == NULL) return ldb_end_call(&call, ldb_fail(LDB_INVALID_ARGUMENT, "json is NULL"));
  const double arguments[3] = {call.database->object, (double)ldb_answered_count(call.database), (double)call.database->entered_count};
  double result = ldb_invoke(call.engine, function, 3, arguments);
  return ldb_end_call(&call, ldb_copy_json(call.engine, result, json));
}

int32_t ldb_verify(ldb_handle database, char **json) { return json_of(database, LDB_FN_VERIFY, json); }

int32_t ldb_stats(ldb_handle database, char **json) { return json_of(database, LDB_FN_STATS, json); }

int32_t ldb_keyspace_list(ldb_handle database, char **json) { return json_of(database, LDB_FN_LIST_KEYSPACES, json); }

int32_t ldb_backup(ldb_handle database, const char *directory, int incremental, char **json) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  if (directory == NULL || directory[0] == 0) return ldb_end_call(&call, ldb_fail(LDB_INVALID_ARGUMENT, "directory is NULL or empty"));
  size_t length = strlen(directory);
  status = ldb_reserve(call.engine, LDB_OPTION_BYTES + length);
  if (status != LDB_OK) return ldb_end_call(&call, status);
  ldb_store(call.engine, LDB_OPTION_BYTES, directory, length);
  const double arguments[3] = {call.database->object, (double)length, incremental != 0};
  double result = ldb_invoke(call.engine, LDB_FN_BACKUP, 3, arguments);
  return ldb_end_call(&call, ldb_copy_json(call.engine, result, json));
}
