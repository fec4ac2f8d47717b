/* keyspaces.c: opening, dropping and listing keyspaces. */
#include <string.h>

#include "core.h"

/* Stores a name behind the option block. */
static int32_t store_name(struct ldb_engine *engine, const char *name, double *name_bytes) {
  if (name == NULL) return ldb_fail(LDB_INVALID_ARGUMENT, "name is NULL");
  size_t length = strlen(name);
  if (length > 4096) return ldb_fail(LDB_INVALID_ARGUMENT, "a name may have 1,024 bytes");
  int32_t status = ldb_reserve(engine, LDB_OPTION_BYTES + length);
  if (status != LDB_OK) return status;
  ldb_store(engine, LDB_OPTION_BYTES, name, length);
  *name_bytes = (double)length;
  return LDB_OK;
}

static int32_t open_keyspace(struct ldb_call *call, const char *name, const ldb_keyspace_options *options, ldb_handle *keyspace) {
  ldb_keyspace_options checked;
  double arguments[2] = {call->database->object, 0};
  memset(&checked, 0, sizeof checked);
  if (options != NULL && !ldb_copy_options(&checked, sizeof checked, options))
    return ldb_fail(LDB_INVALID_ARGUMENT, "size of the options of a keyspace");
  if (!(checked.ttl_ms >= 0) && checked.ttl_ms != -1) return ldb_fail(LDB_INVALID_ARGUMENT, "ttl_ms of a keyspace");
  int32_t status = store_name(call->engine, name, &arguments[1]);
  if (status != LDB_OK) return status;
  const double numbers[5] = {checked.engine, checked.keys, checked.values, checked.compression, checked.ttl_ms};
  for (int index = 0; index < 5; index++) ldb_set_number(call->engine, index, numbers[index]);
  double object = ldb_invoke(call->engine, LDB_FN_OPEN_KEYSPACE, 2, arguments);
  if (object < 0) return (int32_t)object;
  ldb_handle handle = ldb_add_handle(call->database, LDB_KIND_KEYSPACE, (uint32_t)object, NULL);
  if (handle == 0) return ldb_fail(LDB_NO_MEMORY, "no memory for a handle");
  *keyspace = handle;
  return LDB_OK;
}

int32_t ldb_keyspace_open(ldb_handle database, const char *name, const ldb_keyspace_options *options, ldb_handle *keyspace) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  if (keyspace == NULL) status = ldb_fail(LDB_INVALID_ARGUMENT, "keyspace is NULL");
  else status = open_keyspace(&call, name, options, keyspace);
  return ldb_end_call(&call, status);
}

int32_t ldb_keyspace_drop(ldb_handle database, const char *name) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  double arguments[2] = {call.database->object, 0};
  status = store_name(call.engine, name, &arguments[1]);
  if (status == LDB_OK) {
    double result = ldb_invoke(call.engine, LDB_FN_DROP_KEYSPACE, 2, arguments);
    status = result < 0 ? (int32_t)result : LDB_OK;
  }
  return ldb_end_call(&call, status);
}
