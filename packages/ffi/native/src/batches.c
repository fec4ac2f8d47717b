/* batches.c: operations that are collected in memory and passed to the engine as a whole. */
#include <stdlib.h>
#include <string.h>

#include "core.h"

/* Bytes before the key and the value of an operation. */
#define OPERATION_BYTES 24
#define BATCH_BYTES_MAX (1u << 30)
enum { OPERATION_PUT = 1, OPERATION_DELETE = 2, OPERATION_DELETE_RANGE = 3 };

void ldb_batch_free(void *state) {
  struct ldb_buffer *operations = state;
  free(operations->bytes);
  free(operations);
}

int32_t ldb_batch_open(ldb_handle database, ldb_handle *batch) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(database, LDB_KIND_DATABASE, &call);
  if (status != LDB_OK) return status;
  if (batch == NULL) return ldb_end_call(&call, ldb_fail(LDB_INVALID_ARGUMENT, "batch is NULL"));
  struct ldb_buffer *operations = calloc(1, sizeof *operations);
  ldb_handle handle = operations == NULL ? 0 : ldb_add_handle(call.database, LDB_KIND_BATCH, 0, operations);
  if (handle == 0) {
    free(operations);
    return ldb_end_call(&call, ldb_fail(LDB_NO_MEMORY, "no memory for a batch"));
  }
  *batch = handle;
  return ldb_end_call(&call, LDB_OK);
}

struct operation {
  uint32_t kind;
  double number;
  const void *key, *value;
  size_t key_bytes, value_bytes;
};

static void put32(uint8_t *target, uint32_t value) {
  for (int i = 0; i < 4; i++) target[i] = (uint8_t)(value >> (8 * i));
}

static int32_t append(ldb_handle batch, ldb_handle keyspace, const struct operation *operation) {
  struct ldb_call call;
  uint32_t object = 0;
  uint64_t bits;
  uint8_t header[OPERATION_BYTES];
  int32_t status = ldb_begin_call(batch, LDB_KIND_BATCH, &call);
  if (status != LDB_OK) return status;
  status = ldb_find_object(&call, keyspace, LDB_KINDS_KEYSPACE, &object);
  if (status != LDB_OK) return ldb_end_call(&call, status);
  struct ldb_buffer *operations = call.slot->state;
  size_t length = operations->length + OPERATION_BYTES + operation->key_bytes + operation->value_bytes;
  if (length > BATCH_BYTES_MAX) return ldb_end_call(&call, ldb_fail(LDB_TOO_LARGE, "a batch may have 1 GiB"));
  if (!ldb_buffer_reserve(operations, length)) return ldb_end_call(&call, ldb_fail(LDB_NO_MEMORY, "no memory for a batch"));
  memcpy(&bits, &operation->number, sizeof bits);
  put32(header, operation->kind);
  put32(header + 4, object);
  put32(header + 8, (uint32_t)operation->key_bytes);
  put32(header + 12, (uint32_t)operation->value_bytes);
  put32(header + 16, (uint32_t)bits);
  put32(header + 20, (uint32_t)(bits >> 32));
  ldb_buffer_append(operations, header, sizeof header);
  ldb_buffer_append(operations, operation->key, operation->key_bytes);
  ldb_buffer_append(operations, operation->value, operation->value_bytes);
  return ldb_end_call(&call, LDB_OK);
}

static int32_t check_key(const void *key, size_t key_bytes) {
  if (key == NULL && key_bytes > 0) return ldb_fail(LDB_INVALID_ARGUMENT, "key is NULL");
  return key_bytes > LDB_KEY_BYTES_MAX ? ldb_fail(LDB_TOO_LARGE, "a key may have 65,535 bytes") : LDB_OK;
}

int32_t ldb_batch_put(ldb_handle batch, ldb_handle keyspace, const void *key, size_t key_bytes, const void *value, size_t value_bytes,
                      const ldb_write_options *options) {
  double durability, ttl_ms;
  int32_t status = ldb_begin_function();
  if (status == LDB_OK) status = ldb_check_write(options, &durability, &ttl_ms);
  if (status == LDB_OK) status = check_key(key, key_bytes);
  if (status != LDB_OK) return status;
  if (value == NULL && value_bytes > 0) return ldb_fail(LDB_INVALID_ARGUMENT, "value is NULL");
  if (value_bytes > LDB_VALUE_BYTES_MAX) return ldb_fail(LDB_TOO_LARGE, "a value may have 1 GiB");
  const struct operation operation = {OPERATION_PUT, ttl_ms, key, value, key_bytes, value_bytes};
  return append(batch, keyspace, &operation);
}

int32_t ldb_batch_delete(ldb_handle batch, ldb_handle keyspace, const void *key, size_t key_bytes) {
  int32_t status = ldb_begin_function();
  if (status == LDB_OK) status = check_key(key, key_bytes);
  if (status != LDB_OK) return status;
  const struct operation operation = {OPERATION_DELETE, 0, key, NULL, key_bytes, 0};
  return append(batch, keyspace, &operation);
}

int32_t ldb_batch_delete_range(ldb_handle batch, ldb_handle keyspace, const ldb_range *range) {
  struct ldb_range checked;
  int32_t status = ldb_begin_function();
  if (status == LDB_OK) status = ldb_check_range(range, &checked);
  if (status != LDB_OK) return status;
  if ((checked.bounds & ~(uint32_t)LDB_BOUND_REVERSE) == 0) return ldb_fail(LDB_INVALID_ARGUMENT, "a range delete needs a bound");
  const struct operation operation = {
      OPERATION_DELETE_RANGE, checked.bounds, checked.lower, checked.upper, checked.lower_bytes, checked.upper_bytes};
  return append(batch, keyspace, &operation);
}

int32_t ldb_batch_clear(ldb_handle batch) {
  struct ldb_call call;
  int32_t status = ldb_begin_call(batch, LDB_KIND_BATCH, &call);
  if (status != LDB_OK) return status;
  ((struct ldb_buffer *)call.slot->state)->length = 0;
  return ldb_end_call(&call, LDB_OK);
}

/* Returns the operations of a commit that has failed to their batch, unless it was closed or has others meanwhile. */
static void give_back(struct ldb_database *database, struct ldb_slot *slot, uint32_t generation, struct ldb_buffer *taken) {
  bool is_open = slot->generation == generation && slot->database == database;
  struct ldb_buffer *operations = is_open ? slot->state : NULL;
  if (operations != NULL && operations->bytes == NULL) *operations = *taken;
  else free(taken->bytes);
}

int32_t ldb_batch_commit(ldb_handle batch, const ldb_write_options *options) {
  struct ldb_call call;
  double durability, ttl_ms;
  int32_t status = ldb_begin_call(batch, LDB_KIND_BATCH, &call);
  if (status != LDB_OK) return status;
  struct ldb_buffer *operations = call.slot->state;
  status = ldb_check_write(options, &durability, &ttl_ms);
  if (status == LDB_OK) status = ldb_reserve(call.engine, operations->length);
  if (status == LDB_OK) {
    const struct ldb_commit_functions functions = {LDB_FN_COMMIT_BATCH, LDB_FN_COMMIT_BATCH_LATER};
    const double arguments[3] = {call.database->object, (double)operations->length, durability};
    struct ldb_buffer taken = *operations;
    uint32_t generation = call.slot->generation;
    ldb_store(call.engine, 0, operations->bytes, operations->length);
    /* Another thread may close the batch while the commit is in flight. */
    memset(operations, 0, sizeof *operations);
    status = ldb_commit(&call, &functions, 3, arguments, durability);
    if (status == LDB_OK) taken.length = 0;
    give_back(call.database, call.slot, generation, &taken);
  }
  return ldb_end_call(&call, status);
}
