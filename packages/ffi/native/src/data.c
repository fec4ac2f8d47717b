/* data.c: reads and writes of entries. */
#include <string.h>

#include "core.h"

int32_t ldb_put(ldb_handle keyspace, const void *key, size_t key_bytes, const void *value, size_t value_bytes, const ldb_write_options *options) {
  struct ldb_call call;
  double durability, ttl_ms;
  int32_t status = ldb_begin_call(keyspace, LDB_KINDS_DATA, &call);
  if (status != LDB_OK) return status;
  status = ldb_check_write(options, &durability, &ttl_ms);
  if (status == LDB_OK && value == NULL && value_bytes > 0) status = ldb_fail(LDB_INVALID_ARGUMENT, "value is NULL");
  if (status == LDB_OK && value_bytes > LDB_VALUE_BYTES_MAX) status = ldb_fail(LDB_TOO_LARGE, "a value may have 1 GiB");
  if (status == LDB_OK) status = ldb_store_key(call.engine, key, key_bytes, value_bytes);
  if (status == LDB_OK) {
    const double arguments[5] = {call.slot->object, (double)key_bytes, (double)value_bytes, ttl_ms, durability};
    ldb_store(call.engine, key_bytes, value, value_bytes);
    status = ldb_write(&call, &(const struct ldb_commit_functions){LDB_FN_PUT, LDB_FN_PUT_LATER}, 5, arguments, durability);
  }
  return ldb_end_call(&call, status);
}

/* Reads the value of a key into the arena: LDB_OK with its length, LDB_ABSENT, or an error. */
static int32_t read_value(struct ldb_call *call, enum ldb_function function, const void *key, size_t key_bytes, size_t *value_bytes) {
  int32_t status = ldb_store_key(call->engine, key, key_bytes, 0);
  if (status != LDB_OK) return status;
  call->database->entered_count++;
  const double arguments[2] = {call->slot->object, (double)key_bytes};
  double result = ldb_invoke(call->engine, function, 2, arguments);
  if (result < 0) return (int32_t)result;
  if (result == 0) return LDB_ABSENT;
  *value_bytes = (size_t)result - 1;
  return LDB_OK;
}

static int32_t get(enum ldb_function function, ldb_handle keyspace, const void *key, size_t key_bytes, void *buffer, size_t capacity,
                   size_t *value_bytes) {
  struct ldb_call call;
  size_t length = 0;
  int32_t status = ldb_begin_call(keyspace, LDB_KINDS_DATA, &call);
  if (status != LDB_OK) return status;
  if (value_bytes == NULL || (buffer == NULL && capacity > 0)) status = ldb_fail(LDB_INVALID_ARGUMENT, "an output is NULL");
  else status = read_value(&call, function, key, key_bytes, &length);
  if (status == LDB_OK) {
    *value_bytes = length;
    if (length > capacity) status = LDB_BUFFER_TOO_SMALL;
    else if (length > 0) memcpy(buffer, ldb_engine_arena(call.engine).start, length);
    ldb_release_arena(call.engine);
  }
  return ldb_end_call(&call, status);
}

int32_t ldb_get(ldb_handle keyspace, const void *key, size_t key_bytes, void *buffer, size_t capacity, size_t *value_bytes) {
  int32_t status;
  if (ldb_window_get(keyspace, key, key_bytes, buffer, capacity, value_bytes, &status)) return status;
  return get(LDB_FN_GET, keyspace, key, key_bytes, buffer, capacity, value_bytes);
}

int32_t ldb_get_for_update(ldb_handle keyspace, const void *key, size_t key_bytes, void *buffer, size_t capacity, size_t *value_bytes) {
  return get(LDB_FN_GET_FOR_UPDATE, keyspace, key, key_bytes, buffer, capacity, value_bytes);
}

int32_t ldb_get_alloc(ldb_handle keyspace, const void *key, size_t key_bytes, void **value, size_t *value_bytes) {
  struct ldb_call call;
  size_t length = 0;
  int32_t status;
  if (ldb_window_get_alloc(keyspace, key, key_bytes, value, value_bytes, &status)) return status;
  status = ldb_begin_call(keyspace, LDB_KINDS_DATA, &call);
  if (status != LDB_OK) return status;
  if (value == NULL || value_bytes == NULL) status = ldb_fail(LDB_INVALID_ARGUMENT, "an output is NULL");
  else status = read_value(&call, LDB_FN_GET, key, key_bytes, &length);
  if (status == LDB_OK) status = ldb_copy_result(call.engine, length, value);
  if (status == LDB_OK) *value_bytes = length;
  ldb_release_arena(call.engine);
  return ldb_end_call(&call, status);
}

int32_t ldb_has(ldb_handle keyspace, const void *key, size_t key_bytes) {
  struct ldb_call call;
  int32_t status;
  if (ldb_window_has(keyspace, key, key_bytes, &status)) return status;
  status = ldb_begin_call(keyspace, LDB_KINDS_DATA, &call);
  if (status != LDB_OK) return status;
  status = ldb_store_key(call.engine, key, key_bytes, 0);
  if (status == LDB_OK) {
    const double arguments[2] = {call.slot->object, (double)key_bytes};
    double result = ldb_invoke(call.engine, LDB_FN_HAS, 2, arguments);
    status = result < 0 ? (int32_t)result : result == 0 ? LDB_ABSENT : LDB_OK;
  }
  return ldb_end_call(&call, status);
}

int32_t ldb_delete(ldb_handle keyspace, const void *key, size_t key_bytes, const ldb_write_options *options) {
  struct ldb_call call;
  double durability, ttl_ms;
  int32_t status = ldb_begin_call(keyspace, LDB_KINDS_DATA, &call);
  if (status != LDB_OK) return status;
  status = ldb_check_write(options, &durability, &ttl_ms);
  if (status == LDB_OK) status = ldb_store_key(call.engine, key, key_bytes, 0);
  if (status == LDB_OK) {
    const double arguments[3] = {call.slot->object, (double)key_bytes, durability};
    status = ldb_write(&call, &(const struct ldb_commit_functions){LDB_FN_DELETE, LDB_FN_DELETE_LATER}, 3, arguments, durability);
  }
  return ldb_end_call(&call, status);
}

int32_t ldb_delete_range(ldb_handle keyspace, const ldb_range *range, const ldb_write_options *options) {
  struct ldb_call call;
  struct ldb_stored_range stored;
  double durability, ttl_ms;
  int32_t status = ldb_begin_call(keyspace, LDB_KINDS_DATA, &call);
  if (status != LDB_OK) return status;
  status = ldb_check_write(options, &durability, &ttl_ms);
  if (status == LDB_OK) status = ldb_store_range(call.engine, range, &stored);
  if (status == LDB_OK) {
    const double arguments[5] = {call.slot->object, stored.lower_bytes, stored.upper_bytes, stored.bounds, durability};
    status = ldb_write(&call, &(const struct ldb_commit_functions){LDB_FN_DELETE_RANGE, LDB_FN_DELETE_RANGE_LATER}, 5, arguments, durability);
  }
  return ldb_end_call(&call, status);
}

int32_t ldb_count(ldb_handle keyspace, const ldb_range *range, uint64_t *count) {
  struct ldb_call call;
  struct ldb_stored_range stored;
  int32_t status = ldb_begin_call(keyspace, LDB_KINDS_DATA, &call);
  if (status != LDB_OK) return status;
  if (count == NULL) status = ldb_fail(LDB_INVALID_ARGUMENT, "count is NULL");
  else status = ldb_store_range(call.engine, range, &stored);
  if (status == LDB_OK) {
    const double arguments[4] = {call.slot->object, stored.lower_bytes, stored.upper_bytes, stored.bounds};
    double result = ldb_invoke(call.engine, LDB_FN_COUNT, 4, arguments);
    if (result < 0) status = (int32_t)result;
    else *count = (uint64_t)result;
  }
  return ldb_end_call(&call, status);
}
